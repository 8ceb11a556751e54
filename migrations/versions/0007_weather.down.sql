DROP TABLE rain_forecasts, rain_signals;
