-- Mails of kabiwatches, ours and others', on a list: who else answers there.
create index message_kabiwatch on kabiwatch.message (list, received_at) where automatic = 'kabiwatch';
create index delivery_message on kabiwatch.delivery (message_id);
