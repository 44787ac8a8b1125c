-- One stay as one transaction: BEGIN, stay, outbox_task, COMMIT, on the project's own tables.
\set high random(1, 9223372036854775807)
\set low random(1, 9223372036854775807)
\set minute random(0, 1439)
BEGIN;
INSERT INTO stay (id, organisation_id, facility_id, facility_kind, commune_code, province_code,
    version, presence, identity_state, delivery_state, delivery_version, completion_state,
    timeliness, arrival_at, arrival_on, expected_departure_at, received_at, deadline_at, purpose,
    sex, age_band, nationality, document_kind, reference_index, document_index, name_index,
    changed_at)
VALUES ((lpad(to_hex(:high::bigint), 16, '0') || lpad(to_hex(:low::bigint), 16, '0'))::uuid,
    '0197c1c8-0280-7000-8000-000000000001', '0197c1c8-0280-7000-8000-000000000011',
    'lodging_business', '16531', '38', 1, 'present', 'pending', 'queued', 1, 'complete',
    'on_time', now(), current_date, now() + interval '2 days', now(), now() + interval '8 hours',
    'tourism', 'male', '30-39', 'VNM', 'citizen_card', decode(repeat('ab', 32), 'hex'),
    decode(repeat('cd', 32), 'hex'), decode(repeat('ef', 32), 'hex'), now());
INSERT INTO outbox_task (id, stay_id, version, kind, facility_id, destination, deadline_at, state,
    step, due_at, claim_count, attempt_count, unclear_count, created_at)
VALUES ((lpad(to_hex(:low::bigint), 16, '0') || lpad(to_hex(:high::bigint), 16, '0'))::uuid,
    (lpad(to_hex(:high::bigint), 16, '0') || lpad(to_hex(:low::bigint), 16, '0'))::uuid,
    1, 'stay', '0197c1c8-0280-7000-8000-000000000011', '16531',
    now() + :minute * interval '1 minute', 'waiting', 'check_identity', now(), 0, 0, 0, now());
COMMIT;
