DROP TABLE pump_reports, high_waters;
