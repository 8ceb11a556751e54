DROP TRIGGER dispatches_leased_in_a_served_world ON dispatches;
DROP TRIGGER dispatches_of_a_served_world ON dispatches;
DROP FUNCTION require_world_of_contact();
