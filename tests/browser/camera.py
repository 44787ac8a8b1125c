"""A camera for Chromium that sees a picture: grey frames in the plain format that its fake device
plays."""

import segno

WIDTH, HEIGHT = 640, 480
MODULE = 6
WHITE, BLACK, NEUTRAL = 235, 16, 128


def show(path, text):
    """Writes what the camera sees to `path`: the QR code of `text`, or nothing but paper."""
    grey = [bytearray([WHITE] * WIDTH) for _ in range(HEIGHT)]
    for y, row in enumerate(segno.make(text, error="m").matrix if text else ()):
        for x, is_dark in enumerate(row):
            if is_dark:
                for line in range(MODULE):
                    left = 120 + x * MODULE
                    grey[60 + y * MODULE + line][left : left + MODULE] = bytes([BLACK] * MODULE)
    frame = b"FRAME\n" + b"".join(grey) + bytes([NEUTRAL]) * (WIDTH * HEIGHT // 2)
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420mpeg2\n".encode()
    path.write_bytes(header + frame * 2)
    return path


def arguments(path):
    """What Chromium is started with to have that camera, and to be allowed it."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    ]


def picture(path, text):
    """Writes a photograph of the QR code of `text` to `path`."""
    segno.make(text, error="m").save(path, scale=MODULE, border=4)
    return path
