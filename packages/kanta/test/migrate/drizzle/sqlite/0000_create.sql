CREATE TABLE `city` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`country` text NOT NULL,
	FOREIGN KEY (`country`) REFERENCES `country`(`cca2`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `city_name` ON `city` (`name`);--> statement-breakpoint
CREATE TABLE `country` (
	`cca2` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
