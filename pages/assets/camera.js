// A card held before the camera: pictures are sent until one has a code, or the dialog is closed.

const PAUSE_MILLISECONDS = 600;
const LONG_SIDE = 1280;
const QUALITY = 0.9;
const WANTED = { audio: false, video: { facingMode: "environment", width: { ideal: 1920 } } };

// `send` answers true once there is nothing more to look for.
export async function open(dialog, send) {
  const video = dialog.querySelector("video");
  dialog.showModal();
  let stream = null;
  try {
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
    video.srcObject = stream;
    await video.play();
    while (dialog.open) {
      if (!document.hidden && (await send(await taken(video)))) dialog.close();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  } catch {
    video.hidden = true;
    dialog.querySelector("p").textContent = dialog.dataset.refused;
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
}

function taken(video) {
  const scale = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
