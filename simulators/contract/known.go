package contract

// known is what is wrong in the vendors' descriptions as far as it was met. Load applies it, so that a test that meets one
// of these need not know.
func known(spec string) []Exception {
	switch spec {
	case "jira/jira-cloud-v3.json":
		return []Exception{{
			Operation: "PUT /rest/api/3/issue/{issueIdOrKey}/properties/{propertyKey}",
			Contains:  "response header Content-Type has unexpected value",
			Why:       "the description promises JSON, Jira answers with an empty body",
		}}
	case "jira-dc/jira-dc-10.3.normalised.json":
		fields := "the description declares every field value as an object, but text, lists and numbers are sent and taken"
		values := "the description declares property values as strings, but they are any JSON"
		return []Exception{
			{Operation: "POST /api/2/issue", Contains: "at /fields/", Why: fields},
			{Operation: "PUT /api/2/issue/{issueIdOrKey}", Contains: "at /fields/", Why: fields},
			{Operation: "POST /api/2/issue", Contains: "at /properties/", Why: values},
			{Operation: "POST /api/2/issue/{issueIdOrKey}/comment", Contains: "at /properties/", Why: values},
			{Operation: "GET /api/2/issue/{issueIdOrKey}/comment", Contains: "/properties/", Why: values},
			{Operation: "GET /api/2/issue/{issueIdOrKey}/properties/{propertyKey}", Contains: "at /value", Why: values},
		}
	}
	return nil
}
