CREATE TYPE "public"."size" AS ENUM('small', 'large');--> statement-breakpoint
CREATE TABLE "city" (
	"id" integer PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"size" "size",
	"country" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "country" (
	"cca2" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "city" ADD CONSTRAINT "city_country_country_cca2_fk" FOREIGN KEY ("country") REFERENCES "public"."country"("cca2") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "city_name" ON "city" USING btree ("name");