"""What luutru is compared with: FastAPI and asyncpg, one stay per request, two rows in one durable
transaction. It checks the shape of a stay and nothing else: no key, no receipt, no rules.

Its tables have a primary key and one index each, less than the real ones: the comparison favours it.
"""

import os
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field

TABLES = """
CREATE TABLE IF NOT EXISTS stay (
    id uuid PRIMARY KEY, facility_id uuid NOT NULL, reference text NOT NULL,
    arrival_at timestamptz NOT NULL, body jsonb NOT NULL, received_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS stay_by_facility ON stay (facility_id, arrival_at);
CREATE TABLE IF NOT EXISTS outbox_task (
    id uuid PRIMARY KEY, stay_id uuid NOT NULL, state text NOT NULL, due_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_task_due ON outbox_task (due_at) WHERE state = 'waiting';
"""
ADD_STAY = "INSERT INTO stay (id, facility_id, reference, arrival_at, body, received_at) VALUES ($1, $2, $3, $4, $5, $6)"
ADD_TASK = "INSERT INTO outbox_task (id, stay_id, state, due_at) VALUES ($1, $2, 'waiting', $3)"


class Document(BaseModel):
    kind: str
    number: str = Field(min_length=1, max_length=32)


class Guest(BaseModel):
    full_name: str = Field(min_length=1, max_length=200)
    birth_date: str
    sex: str
    nationality: str
    document: Document


class Stay(BaseModel):
    facility_id: UUID
    reference: str = Field(max_length=100)
    arrival_at: datetime
    guest: Guest


@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=16, max_size=16) as pool:
        async with pool.acquire() as connection, connection.transaction():
            # Two workers start at once.
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
            await connection.execute(TABLES)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/readyz")
async def ready():
    return {"status": "ready"}


@app.post("/v1/stays", status_code=201)
async def declare(stay: Stay, request: Request):
    stay_id, now = uuid4(), datetime.now(timezone.utc)
    body = (await request.body()).decode()
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(ADD_STAY, stay_id, stay.facility_id, stay.reference, stay.arrival_at, body, now)
        await connection.execute(ADD_TASK, uuid4(), stay_id, now + timedelta(hours=8))
    return {"id": stay_id, "received_at": now}
