-- What storing rows changed of its owner's figures: those that are kept (owner_figures) and the changes since come to the
-- present ones, so that not all rows of the owner need be read for them.

-- Which count of changes the present one follows: steps between two counts that nobody noted show as a gap.
ALTER TABLE data_versions ADD COLUMN before bigint NOT NULL DEFAULT 0;

CREATE TABLE figure_changes (
    owner   uuid NOT NULL,   -- as in data_versions
    version bigint NOT NULL, -- the count of changes that it led to
    before  bigint NOT NULL, -- the count that it followed
    level   text NOT NULL,
    lines   jsonb NOT NULL,  -- as in owner_figures; what became fewer is below zero, and movers replace those before
    PRIMARY KEY (owner, version),
    CONSTRAINT figure_changes_level_known CHECK (level IN ('personal', 'organization', 'system')),
    CONSTRAINT figure_changes_forward CHECK (before < version)
);

-- Who sees the rows sees how their figures changed, and who stores rows notes it. Nobody changes what was noted; it is
-- taken away by the application's own work, once figures are kept that hold it.
ALTER TABLE figure_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE figure_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY figure_changes_read ON figure_changes FOR SELECT USING (
    (SELECT app_passes())
    OR (level = 'system' AND (SELECT app_user_id()) IS NOT NULL)
    OR (level = 'personal' AND owner = (SELECT app_user_id()))
    OR (level = 'organization'
        AND (owner = (SELECT app_organization_id())
             OR owner IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())))));
CREATE POLICY figure_changes_insert ON figure_changes FOR INSERT WITH CHECK (
    (SELECT app_passes())
    OR (level = 'personal' AND owner = (SELECT app_user_id()))
    OR (level = 'organization'
        AND (owner = (SELECT app_organization_id())
             OR owner IN (SELECT o.id FROM organizations o WHERE o.tenant_id = (SELECT app_run_tenant_id())))));
CREATE POLICY figure_changes_batch_insert ON figure_changes FOR INSERT TO accunode_batch WITH CHECK (
    level <> 'system' AND owner = ANY ((SELECT app_batch_owners())::uuid[]));
CREATE POLICY figure_changes_delete ON figure_changes FOR DELETE USING ((SELECT app_passes()));
