package policy

// ProjectRoles lists every project role an API key can have, least first within
// each kind of work. Source: MongoDB's list of user roles of 2026; the Admin API
// specification itself has named none since the middle of 2025.
//
// Those that are not powerful read settings, or change alerts. The others are powerful
// because they read data (queries in metrics and logs hold values of it), change or
// move data, cost money or end clusters, decide who and what reaches the project, or
// make keys.
var ProjectRoles = []RoleInfo{
	{"GROUP_READ_ONLY", "Project Read Only", "Reads settings and metadata of the project, and no data.", false},
	{"GROUP_OBSERVABILITY_VIEWER", "Project Observability Viewer", "Reads metrics, and samples of queries with the values in them.", true},
	{"GROUP_CLUSTER_LOG_VIEWER", "Project Cluster Log Viewer", "Reads the logs of clusters, with queries and the values in them.", true},
	{"GROUP_ALERTS_MANAGER", "Project Alerts Manager", "Changes alerts of the project.", false},
	{"GROUP_DATA_ACCESS_READ_ONLY", "Project Data Access Read Only", "Reads the data in the project's databases.", true},
	{"GROUP_DATA_ACCESS_READ_WRITE", "Project Data Access Read/Write", "Reads and changes the data in the project's databases.", true},
	{"GROUP_DATA_ACCESS_ADMIN", "Project Data Access Admin", "Reads and changes data, and creates databases, collections and indexes.", true},
	{"GROUP_DATABASE_ACCESS_ADMIN", "Project Database Access Admin", "Creates database users, and so reaches all data of the project.", true},
	{"GROUP_INDEX_MANAGER", "Project Index Manager", "Creates and drops indexes.", true},
	{"GROUP_SEARCH_INDEX_EDITOR", "Project Search Index Editor", "Creates, changes and deletes search indexes.", true},
	{"GROUP_TRIGGER_MANAGER", "Project Trigger Manager", "Creates, changes and deletes triggers.", true},
	{"GROUP_REAL_TIME_PERFORMANCE_OPERATOR", "Project Real Time Performance Operator", "Watches running operations, and may end them.", true},
	{"GROUP_CLUSTER_CREATOR", "Project Cluster Creator", "Creates clusters, which cost money.", true},
	{"GROUP_CLUSTER_MANAGER", "Project Cluster Manager", "Changes and restarts clusters.", true},
	{"GROUP_REPLICA_SET_MANAGER", "Project Replica Set Manager", "Changes tiers and regions of clusters, and pauses and resumes them.", true},
	{"GROUP_CLUSTER_RESILIENCE_TESTER", "Project Cluster Resilience Tester", "Tests how clusters bear failures.", true},
	{"GROUP_STREAM_PROCESSING_OWNER", "Project Stream Processing Owner", "Manages stream processing, and database users.", true},
	{"GROUP_MODEL_OWNER", "Project Model Owner", "Manages the AI models of the project.", true},
	{"GROUP_BACKUP_CREATOR", "Project Backup Creator", "Takes backups of clusters.", true},
	{"GROUP_BACKUP_RECOVERY_OPERATOR", "Project Backup Recovery Operator", "Restores backups, over data that is there too.", true},
	{"GROUP_BACKUP_EXPORT_OPERATOR", "Project Backup Export Operator", "Exports backups, and so copies of all data.", true},
	{"GROUP_BACKUP_MANAGER", "Project Backup Manager", "Takes, restores, exports and deletes backups.", true},
	{"GROUP_NETWORK_ACCESS_MANAGER", "Project Network Access Manager", "Decides from where the project's databases can be reached.", true},
	{"GROUP_SUPPORT_ACCESS_MANAGER", "Project Support Access Manager", "Decides what MongoDB's support may reach.", true},
	{"GROUP_ACCESS_MANAGER", "Project Access Manager", "Lets people and keys into the project, and makes more keys.", true},
	{"GROUP_OWNER", "Project Owner", "Does everything in the project: data, users, clusters, more keys.", true},
}

// DefaultProjectRoles returns the roles that can be requested in projects if the
// operator allows projects without naming roles: all but the two that can create keys.
func DefaultProjectRoles() []Role {
	var roles []Role
	for _, info := range ProjectRoles {
		if info.Name != "GROUP_OWNER" && info.Name != "GROUP_ACCESS_MANAGER" {
			roles = append(roles, info.Name)
		}
	}
	return roles
}
