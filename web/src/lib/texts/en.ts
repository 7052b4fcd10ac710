// English. Each feature has a part of its own under en/, so that one screen's words stand together.
import { auth } from "./en/auth";
import { common, problems, shell } from "./en/common";
import { companies } from "./en/companies";
import { domain } from "./en/domain";
import { home } from "./en/home";
import { models } from "./en/models";
import { platform } from "./en/platform";
import { score } from "./en/score";
import { settings } from "./en/settings";
import { uploads } from "./en/uploads";
import { whatIf } from "./en/what-if";

export const en = {
  auth,
  common,
  companies,
  domain,
  home,
  models,
  platform,
  problems,
  score,
  settings,
  shell,
  uploads,
  whatIf,
};
