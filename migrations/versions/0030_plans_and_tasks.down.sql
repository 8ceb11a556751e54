DROP TABLE response_events, responses, task_links, evidence, task_events, tasks, incidents, plan_approvals, plans;
