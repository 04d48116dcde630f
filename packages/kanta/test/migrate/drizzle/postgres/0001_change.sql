ALTER TABLE "country" ALTER COLUMN "name" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "country" ADD COLUMN "area" integer;