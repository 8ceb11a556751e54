-- A message leaves only to a contact method that serves its world. So an exercise reaches no real phone, bot or system,
-- whatever the code does: no such row can be written, and none can be leased.
CREATE FUNCTION require_world_of_contact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT n.world, n.method_id INTO wrong FROM written AS n
        JOIN contact_methods AS m ON m.method_id = n.method_id
        WHERE n.state IN ('due', 'leased') AND n.world <> ALL (m.worlds) AND (TG_OP = 'INSERT' OR n.state = 'leased')
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'contact % does not serve the world %', wrong.method_id, wrong.world
            USING ERRCODE = 'check_violation', HINT = 'add the world to the contact, or choose another contact';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dispatches_of_a_served_world AFTER INSERT ON dispatches
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION require_world_of_contact();
CREATE TRIGGER dispatches_leased_in_a_served_world AFTER UPDATE ON dispatches
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION require_world_of_contact();
