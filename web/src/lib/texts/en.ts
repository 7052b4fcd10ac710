// English. Each feature has a part of its own under en/, so that one screen's words stand together.
import { auditLog } from "./en/audit-log";
import { auth } from "./en/auth";
import { common, problems, shell } from "./en/common";
import { companies } from "./en/companies";
import { domain } from "./en/domain";
import { grades } from "./en/grades";
import { home } from "./en/home";
import { organizations } from "./en/organizations";
import { models } from "./en/models";
import { platform } from "./en/platform";
import { score } from "./en/score";
import { settings } from "./en/settings";
import { tenants } from "./en/tenants";
import { uploads } from "./en/uploads";
import { users } from "./en/users";
import { whatIf } from "./en/what-if";

export const en = {
  auditLog,
  auth,
  common,
  companies,
  domain,
  grades,
  home,
  organizations,
  models,
  platform,
  problems,
  score,
  settings,
  shell,
  tenants,
  uploads,
  users,
  whatIf,
};
