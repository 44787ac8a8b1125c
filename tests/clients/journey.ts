// The journey of a front desk with the types that openapi-typescript makes.

import createClient from "openapi-fetch";
import type { components, paths } from "./luutru.js";

type Schemas = components["schemas"];

const [api, key, facility] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({
    baseUrl: api,
    headers: { Authorization: `Bearer ${key}` },
});

function assert(condition: unknown, what: string): asserts condition {
    if (!condition) {
        throw new Error(what);
    }
}

// What was asked for, and no problem.
function good<T>(answer: { data?: T; error?: unknown }): NonNullable<T> {
    assert(answer.data, JSON.stringify(answer.error));
    return answer.data;
}

// An instant or a day in the time of Viet Nam.
function at(minutes: number): string {
    const local = new Date(Date.now() + (minutes + 7 * 60) * 60_000);
    return local.toISOString().slice(0, 19) + "+07:00";
}

function day(days: number): string {
    const [year, month, date] = at(days * 24 * 60).slice(0, 10).split("-");
    return `${date}/${month}/${year}`;
}

function stay(number: string, name: string): Schemas["StayDraft"] {
    return {
        reference: `TS-${number}`,
        room: "203",
        arrival_at: at(-5),
        expected_departure_at: at(2 * 24 * 60),
        guest: { full_name: name, document: { kind: "citizen_card", number } },
    };
}

const body = stay("038090000301", "Nguyễn Thị Ánh");
const params = { header: { "Idempotency-Key": "ts-1" } };
const declared = good(await client.POST("/v1/stays", { body, params }));
assert(declared.guest.full_name === "Nguyễn Thị Ánh", "the name");
assert(declared.facility_id === facility, "the facility");
const again = good(await client.POST("/v1/stays", { body, params }));
assert(JSON.stringify(again) === JSON.stringify(declared), "a replay");
const shown = good(
    await client.GET("/v1/stays/{id}", { params: { path: { id: declared.id } } }),
);
assert(shown.receipt.jws === declared.receipt.jws, "the receipt");
const found = good(
    await client.POST("/v1/stays/search", { body: { document_number: "038 090 000 301" } }),
);
assert(found.items.length === 1 && found.items[0]?.id === declared.id, "the search");

const hook = {
    body: { url: "http://127.0.0.1:9/luutru" },
    params: { header: { "Idempotency-Key": "ts-hook" } },
};
const made = good(await client.POST("/v1/webhooks", hook));
assert(made.secret?.startsWith("whsec_"), "the secret");
assert(made.disabled_reason === null, "why it is switched off");
const toldAgain = good(await client.POST("/v1/webhooks", hook));
assert(toldAgain.id === made.id && toldAgain.secret === made.secret, "the secret again");

const stays = [stay("038090000302", "Lê Văn Bình"), stay("12", "Trần Cúc")];
const batch = good(await client.POST("/v1/stays/batch", { body: { stays } }));
const [first, second] = batch.results;
assert(first?.outcome === "accepted" && first.stay !== null, "the first item");
assert(second?.outcome === "rejected" && second.problem !== null, "the second item");
assert(second.problem.errors[0]?.pointer === "/guest/document/number", "its fault");

const table = [
    "Họ và tên,Số giấy tờ,Phòng,Ngày đến,Ngày đi",
    `Phạm Dũng,038090000303,204,${day(0)},${day(2)}`,
    `Vũ Giang,77,205,${day(0)},${day(2)}`,
    "",
].join("\n");
let work = good(
    await client.POST("/v1/imports", {
        body: table,
        headers: { "Content-Type": "text/csv" },
        // A file goes as it is; only a form would have to be made of it.
        bodySerializer: (file) => (typeof file === "string" ? file : JSON.stringify(file)),
    }),
);
const until = Date.now() + 30_000;
while (work.state === "queued" || work.state === "running") {
    assert(Date.now() < until, "the end of the file");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const path = { id: work.id };
    work = good(await client.GET("/v1/imports/{id}", { params: { path } }));
}
assert(work.state === "completed" && work.accepted === 1 && work.rejected === 1, "the file");
const rows = good(
    await client.GET("/v1/imports/{id}/rows", { params: { path: { id: work.id } } }),
);
assert(rows.items[1]?.problem?.errors.length, "why a row was rejected");

const counted = good(
    await client.PUT("/v1/facilities/{id}/census", {
        params: { path: { id: facility } },
        body: {
            taken_at: at(0),
            missing: "ask",
            stays: [{ reference: "TS-038090000301", room: "305" }],
        },
    }),
);
assert(counted.changed === 1 && counted.results[0]?.stay_id === declared.id, "the census");

const due = good(
    await client.GET("/v1/facilities/{id}/due", { params: { path: { id: facility } } }),
);
assert(
    due.items.every((item) => item.stay_id.length === 36),
    "what is due",
);
const events = good(await client.GET("/v1/events", { params: { query: { limit: 200 } } }));
// As a stream it would be text.
assert(typeof events !== "string", "a page");
const accepted = events.items.find((event) => event.type === "stay.accepted");
assert(accepted?.data.timeliness, "an event");
console.log(
    "openapi-typescript: declared, read, searched, webhook, batch, file, census, due, events",
);
