CREATE TABLE `city` (
	`id` int NOT NULL,
	`name` varchar(50) NOT NULL,
	`country` varchar(50) NOT NULL,
	CONSTRAINT `city_id` PRIMARY KEY(`id`)
);
--> statement-breakpoint
CREATE TABLE `country` (
	`cca2` varchar(50) NOT NULL,
	`name` varchar(50) NOT NULL,
	CONSTRAINT `country_cca2` PRIMARY KEY(`cca2`)
);
--> statement-breakpoint
ALTER TABLE `city` ADD CONSTRAINT `city_country_country_cca2_fk` FOREIGN KEY (`country`) REFERENCES `country`(`cca2`) ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX `city_name` ON `city` (`name`);