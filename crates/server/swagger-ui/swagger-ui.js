// The page loads swagger-ui-bundle.js; this file is left out of the program.
