DROP TABLE command_events, command_approvals, commands, actuator_states, actuators;
