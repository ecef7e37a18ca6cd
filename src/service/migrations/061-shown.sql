-- The patches as the review's page shows them; let go with the texts of the mails.
alter table kabiwatch.review add column shown jsonb;
create index review_shown on kabiwatch.review (at) where shown is not null;
