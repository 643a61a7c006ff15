-- The two sides of a copy are both resources of its event; without the role nothing tells which was read.
ALTER TABLE event_resources ADD COLUMN role TEXT;  -- source or target of a copy, else NULL
