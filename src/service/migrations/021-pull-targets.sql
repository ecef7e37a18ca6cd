-- The verdict for each architecture and reference that a head was judged for; the stored review is that of the worst.
alter table kabiwatch.pull_head add column targets jsonb not null default '[]';
