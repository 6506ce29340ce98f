-- 039: a company's first steps are remembered from when they were first shown, not from the first answer.
--
-- Changes what two comments say: nobody waits.

-- migrate:up

comment on table alquimista_platform.tenant_onboarding is 'What a company answered in its first steps, and whether it wants to be reminded of the rest. Without a row they were shown to nobody of it.';
comment on column alquimista_platform.tenant_onboarding.created_at is 'When the first steps were first shown.';

-- migrate:down

comment on table alquimista_platform.tenant_onboarding is 'What a company answered in its first steps, and whether it wants to be reminded of the rest. Without a row it has not begun.';
comment on column alquimista_platform.tenant_onboarding.created_at is 'When the first step was answered.';
