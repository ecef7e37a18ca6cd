-- How many of the commits are the very patches that were reviewed; the others name a mail of the series.
alter table kabiwatch.landed add column same int not null default 0;
