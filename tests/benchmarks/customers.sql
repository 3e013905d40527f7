-- A portal with :customers companies, each with a tree of three business units, four people and a year of business.
-- Half of it is settled. The subjects that tokens name are `person-0`, `person-1` and so on; every fourth is an admin.
\set each 'generate_series(0, :customers - 1) AS customer'
\set written '1, now(), now()'

CREATE FUNCTION pg_temp.known(kind text, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN md5(kind || number)::uuid;

INSERT INTO people (id, tenant, subject, name, email, version, created_at, updated_at)
SELECT pg_temp.known('person', n), '', 'person-' || n, 'Person ' || n, 'person-' || n || '@example.com', :written
FROM generate_series(0, 4 * :customers - 1) AS n;

INSERT INTO preferences (id, tenant, person_id, document, version, created_at, updated_at)
SELECT pg_temp.known('preferences', n), '', pg_temp.known('person', n),
       '{"currency": "EUR", "default_unit_id": null, "notifications": {"order-shipped": true}}', :written
FROM generate_series(0, 4 * :customers - 1) AS n;

INSERT INTO accounts (id, tenant, kind, name, state, version, created_at, updated_at)
SELECT pg_temp.known('account', customer), '', 'company', 'Works ' || customer, 'active', :written FROM :each;

-- Units 0, 1 and 2 of each customer: its own one, and two plants below it.
INSERT INTO business_units (id, tenant, account_id, parent_id, name, version, created_at, updated_at)
SELECT pg_temp.known('unit', 3 * customer + n), '', pg_temp.known('account', customer),
       CASE WHEN n > 0 THEN pg_temp.known('unit', 3 * customer) END, 'Unit ' || n, :written
FROM :each, generate_series(0, 2) AS n ORDER BY n;

INSERT INTO unit_paths (ancestor, descendant, depth)
SELECT pg_temp.known('unit', n), pg_temp.known('unit', n), 0 FROM generate_series(0, 3 * :customers - 1) AS n
UNION ALL
SELECT pg_temp.known('unit', 3 * customer), pg_temp.known('unit', 3 * customer + n), 1
FROM :each, generate_series(1, 2) AS n;

-- An admin, an approver and a technician of the whole company, and a buyer of one plant.
INSERT INTO memberships (id, tenant, person_id, unit_id, version, created_at, updated_at)
SELECT pg_temp.known('membership', 4 * customer + n), '', pg_temp.known('person', 4 * customer + n),
       pg_temp.known('unit', 3 * customer + (n = 1)::int), :written
FROM :each, generate_series(0, 3) AS n;

INSERT INTO membership_roles (membership_id, role)
SELECT pg_temp.known('membership', 4 * customer + n), (ARRAY['admin', 'buyer', 'approver', 'technician'])[n + 1]
FROM :each, generate_series(0, 3) AS n;

INSERT INTO orders (tenant, id, sequence, told_at, unit_id, person_id, number, placed_at, state, currency, total, lines)
SELECT '', pg_temp.known('order', 20 * customer + n), 1, now(), pg_temp.known('unit', 3 * customer + n % 3),
       pg_temp.known('person', 4 * customer + n % 2), 'O-' || customer || '-' || n, now() - n * interval '18 days',
       'placed', 'EUR', 100 * n, '[]'
FROM :each, generate_series(0, 19) AS n;

INSERT INTO order_axes (tenant, id, sequence, told_at, axis, state)
SELECT '', pg_temp.known('order', n), 1, now(), axis, 'pending'
FROM generate_series(0, 20 * :customers - 1) AS n, unnest(ARRAY['payment', 'shipment']) AS axis;

INSERT INTO quotes (id, tenant, unit_id, person_id, title, currency, lines, state, round, version, created_at, updated_at)
SELECT pg_temp.known('quote', 10 * customer + n), '', pg_temp.known('unit', 3 * customer + n % 3),
       pg_temp.known('person', 4 * customer + n % 2), 'Quote ' || n, 'EUR', '[]',
       (ARRAY['requested', 'declined'])[n % 2 + 1], 0, :written
FROM :each, generate_series(0, 9) AS n;

INSERT INTO approval_requests (id, tenant, unit_id, person_id, kind, reference, amount, currency, categories, state,
                               tiers, tier, version, created_at, updated_at)
SELECT pg_temp.known('approval', 10 * customer + n), '', pg_temp.known('unit', 3 * customer + n % 3),
       pg_temp.known('person', 4 * customer + n % 2), 'cart', 'cart-' || n, 100000, 'EUR', '[]',
       (ARRAY['pending', 'approved'])[n % 2 + 1], '[]', 0, :written
FROM :each, generate_series(0, 9) AS n;

INSERT INTO cases (id, tenant, unit_id, person_id, title, topic, state, version, created_at, updated_at)
SELECT pg_temp.known('case', 10 * customer + n), '', pg_temp.known('unit', 3 * customer + n % 3),
       pg_temp.known('person', 4 * customer + n % 4), 'Case ' || n, 'repair', (ARRAY['open', 'closed'])[n % 2 + 1], :written
FROM :each, generate_series(0, 9) AS n;

INSERT INTO devices (id, tenant, unit_id, person_id, product, serial_number, name, parts, warranty_from, version,
                     created_at, updated_at)
SELECT pg_temp.known('device', 6 * customer + n), '', pg_temp.known('unit', 3 * customer + n % 3),
       pg_temp.known('person', 4 * customer), 'c40', 'C40-' || customer || '-' || n, 'Pump ' || n, '[]',
       current_date - 100, :written
FROM :each, generate_series(0, 5) AS n;

ANALYZE;
