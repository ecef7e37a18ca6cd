-- The number of the review to come, given when a thread or a pull request becomes due, so that the log can name it from then on.
alter table kabiwatch.thread add column review bigint;
alter table kabiwatch.pull add column review bigint;
update kabiwatch.thread set review = nextval('kabiwatch.review_id_seq') where due_at is not null;
update kabiwatch.pull set review = nextval('kabiwatch.review_id_seq') where due_at is not null;
