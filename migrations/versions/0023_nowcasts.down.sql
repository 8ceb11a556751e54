DROP TABLE rain_nowcasts;
