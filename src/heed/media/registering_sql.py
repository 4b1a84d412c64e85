"""The statements that register many rows at once. Rows come as one JSON document."""

KNOWN = """
SELECT i.id, i.ref, i.url, i.kind, i.views, i.text, i.reshare_of_ref, i.registered_by,
    coalesce(a.ref, ''), i.published_at, i.deleted_at IS NOT NULL, i.desired, i.revision
FROM media_item i LEFT JOIN media_account a ON a.id = i.account_id
WHERE i.platform_id = %s AND i.ref = ANY(%s)
"""

# Items are always locked by id, before outbox rows.
LOCK = "SELECT id FROM media_item WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"

# An address where nobody looked yet is looked at first, whatever was seen at the former one.
CHANGE = """
UPDATE media_item i SET views = greatest(i.views, n.views), text = n.text, kind = n.kind,
    reshare_of_ref = n.reshare_of_ref, registered_by = n.registered_by, url = n.url,
    account_id = coalesce(a.id, i.account_id), published_at = n.published_at,
    deleted_at = CASE WHEN n.deleted THEN i.deleted_at END,
    seen_before = i.seen_before AND NOT n.moved,
    observed = CASE WHEN n.moved THEN '' ELSE i.observed END,
    observe_tries = CASE WHEN n.moved THEN 0 ELSE i.observe_tries END,
    observe_due_at = CASE WHEN n.moved THEN %(now)s ELSE i.observe_due_at END,
    committed = CASE WHEN n.to_be_swept THEN %(transaction)s ELSE i.committed END
FROM json_to_recordset(%(rows)s) AS n(id uuid, url text, views bigint, text text, kind text,
    reshare_of_ref text, registered_by text, account text, published_at timestamptz,
    deleted boolean, moved boolean, to_be_swept boolean)
LEFT JOIN media_account a
    ON n.account <> '' AND a.platform_id = %(platform)s AND a.ref = n.account
WHERE i.id = n.id
"""

KEEP_FORMER = """
INSERT INTO media_formeraddress (item_id, url)
SELECT n.id, n.former FROM json_to_recordset(%s) AS n(id uuid, former text)
WHERE NOT EXISTS (SELECT FROM media_formeraddress f WHERE f.item_id = n.id AND f.url = n.former)
"""

KNOWN_ACCOUNTS = "SELECT ref FROM media_account WHERE platform_id = %s AND ref = ANY(%s)"

ADD_ACCOUNTS = """
INSERT INTO media_account (id, platform_id, ref)
SELECT n.id, %s, n.ref FROM json_to_recordset(%s) AS n(id uuid, ref text)
ON CONFLICT DO NOTHING
"""

# `observe_due_at`: a first look, for only what was seen can be verified to be gone.
ADD_ITEMS = """
INSERT INTO media_item (
    id, platform_id, ref, url, kind, account_id, reshare_of_id, reshare_of_ref, text, published_at,
    registered_at, registered_by, views, desired, revision, acknowledged, acknowledged_revision,
    answer, observed, observed_revision, seen_before, observe_due_at, observe_tries, committed
)
SELECT n.id, %(platform)s, n.ref, n.url, n.kind, a.id, p.id, n.reshare_of_ref, n.text,
    n.published_at, %(now)s, n.registered_by, n.views, 'visible', 0, 'visible', 0,
    '', '', 0, false, %(now)s, 0, %(transaction)s
FROM json_to_recordset(%(rows)s) AS n(
    id uuid, ref text, url text, kind text, account text, reshare_of_ref text, text text,
    published_at timestamptz, registered_by text, views bigint)
LEFT JOIN media_account a
    ON n.account <> '' AND a.platform_id = %(platform)s AND a.ref = n.account
LEFT JOIN media_item p
    ON n.reshare_of_ref <> '' AND p.platform_id = %(platform)s AND p.ref = n.reshare_of_ref
ORDER BY n.ref
ON CONFLICT DO NOTHING
"""

# What this platform told of a file before is its own; else the file as it was read.
KNOWN_FILES = """
SELECT DISTINCT ON (sha256) sha256, id FROM media_file
WHERE sha256 = ANY(%(sha256s)s::bytea[]) AND (told_by_id IS NULL OR told_by_id = %(platform)s)
ORDER BY sha256, told_by_id NULLS LAST
"""

ADD_TOLD = """
WITH new AS (
    INSERT INTO media_file
        (id, sha256, told_by_id, md5, sha1, kind, mime, state, reason, forms, first_seen_at)
    SELECT n.id, decode(n.sha256, 'hex'), %(platform)s, decode(n.md5, 'hex'), decode(n.sha1, 'hex'),
        CASE WHEN n.pdq IS NULL THEN 'other' ELSE 'picture' END, '', 'signals_only', '',
        coalesce(decode(n.pdq, 'hex'), ''), %(now)s
    FROM json_to_recordset(%(rows)s) AS n(id uuid, sha256 text, md5 text, sha1 text, pdq text)
    ORDER BY n.sha256
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO media_signal (file_id, type, value, quality)
SELECT new.id, 'pdq', decode(n.pdq, 'hex'), n.quality
FROM json_to_recordset(%(rows)s) AS n(id uuid, pdq text, quality int) JOIN new USING (id)
WHERE n.pdq IS NOT NULL
"""

KNOWN_PLACES = """
SELECT id, item_id, position, file_id, url, preview_url FROM media_itemfile WHERE item_id = ANY(%s)
"""

ADD_PLACES = """
INSERT INTO media_itemfile
    (id, item_id, position, file_id, url, preview_url, state, tries, reason)
SELECT n.id, n.item_id, n.position, n.file_id, n.url, n.preview_url, n.state, 0, ''
FROM json_to_recordset(%s) AS n(id uuid, item_id uuid, position int, file_id uuid,
    url text, preview_url text, state text)
ON CONFLICT DO NOTHING
"""

SWEEP_AGAIN = "UPDATE media_item SET committed = %s WHERE id = ANY(%s)"
