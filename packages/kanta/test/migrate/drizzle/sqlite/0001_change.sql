PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_country` (
	`cca2` text PRIMARY KEY NOT NULL,
	`name` text
);
--> statement-breakpoint
INSERT INTO `__new_country`("cca2", "name") SELECT "cca2", "name" FROM `country`;--> statement-breakpoint
DROP TABLE `country`;--> statement-breakpoint
ALTER TABLE `__new_country` RENAME TO `country`;--> statement-breakpoint
PRAGMA foreign_keys=ON;