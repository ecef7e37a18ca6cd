-- When a thread began: one in which nothing is left goes after a while.
alter table kabiwatch.thread add column begun_at timestamptz not null default now();
create index message_unread on kabiwatch.message (stored_at) where raw is not null;
create index delivery_planned on kabiwatch.delivery (planned_at);
create index delivery_review on kabiwatch.delivery (review);
create index series_first_seen on kabiwatch.series (first_seen);
