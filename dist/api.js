import { Gt as nameOf, Ht as encodeLock, K as pushReportSchema, Kt as parseReference, N as planTree, P as readManifests, Qt as array, Rt as optionsSchema, Ut as lockSchema, Wt as formatReference, Xt as isDigest, a as pushBundle, ct as formatCount, dt as parseInline, ft as checkDefaultRegistry, gt as verifyStore, ht as pruneStore, i as findRegistryRoot, jt as parseOptions, lt as readLists, mt as listStore, nn as string, o as save, r as serveRegistry, rn as OciSaveError, tn as strictObject, vt as openStore, z as runReportSchema, zt as parseLock } from "./engine.js";
import path from "node:path";
// src/api/options.ts
const ARGUMENTS = [
	"images",
	"output",
	"platforms"
];
/**
* Splits options as they were given; names that the schema does not know are its business.
* @throws OciSaveError `usage` for what is an argument, `unsupported` for a mode that is not made yet
*/
function splitOptions({ onEvent, signal, env, mode, ...given }) {
	const engine = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== void 0));
	const twice = ARGUMENTS.find((name) => name in engine);
	if (twice !== void 0) throw new OciSaveError({
		code: "usage",
		message: `'${twice}' is an argument of the function, and no option`
	});
	return {
		engine: {
			...defaultsOf(mode ?? "oci"),
			...engine
		},
		face: {
			onEvent,
			signal,
			env
		}
	};
}
function defaultsOf(mode) {
	switch (mode) {
		case "oci": return {
			layout: "zot",
			naming: "strip-library"
		};
		case "registry": throw new OciSaveError({
			code: "unsupported",
			message: `mode 'registry' (docker-registry's storage tree) is not made yet`,
			hint: `Take mode 'oci': zot serves its folder as it stands.`
		});
		default: throw unknownMode(mode);
	}
}
/** Callers without types can write anything. */
function unknownMode(mode) {
	return new OciSaveError({
		code: "usage",
		message: `mode: '${String(mode)}' is none`,
		hint: `Write 'oci' or 'registry'.`
	});
}
// src/api/failed-save.ts
const SHOWN = 10;
/**
* A run in which images failed, whose folder could not be written, or whose release failed. `report.failed` has every
* image with its class, its words and a remedy, `report.error` what became of the folder, `report.release` of the
* release; what succeeded stays in the store, so that the next run goes on from there. `code` is the class of the
* error, or of the first failure.
*/
var FailedSaveError = class extends OciSaveError {
	report;
	/** The images that are whole. */
	lock;
	constructor({ report, lock }) {
		const { images, error, push = [], release } = report;
		const failed = [...report.failed, ...push.flatMap((target) => target.failed)];
		const [first] = failed;
		const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
		const more = failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : [];
		const total = formatCount(report.failed.length + images.length, "image");
		const targets = push.filter(({ outcome }) => outcome === "failed").map(({ target }) => target);
		const head = [...report.failed.length > 0 ? [`${report.failed.length} of ${total} could not be saved`] : [], ...targets.length > 0 ? [`not all images could be pushed to ${targets.join(", ")}`] : []];
		const unreleased = release?.failure === void 0 ? [] : [`release ${release.tag} failed: ${release.failure.message}`];
		super({
			code: error?.class ?? first?.class ?? release?.failure?.class ?? "local",
			message: [
				...error === void 0 ? [] : [error.message],
				...head,
				...shown,
				...more,
				...unreleased
			].join("\n"),
			hint: error?.hint ?? first?.hint ?? release?.failure?.hint
		});
		this.report = report;
		this.lock = lock;
	}
};
// src/api/run.ts
/**
* Runs the engine for a caller's code.
* @throws FailedSaveError where images failed and the run was not told to go on, or its result could not be written;
*   OciSaveError else
*/
async function runSave(options, { onEvent, signal, env = process.env }, io = {}) {
	const stop = stopperOf(signal);
	try {
		const result = await save(options, {
			...io,
			env,
			emit: guarded(onEvent, stop),
			signal: stop.signal
		});
		stop.throwIfFaulty();
		if (result.report.outcome === "failed") throw new FailedSaveError(result);
		return result;
	} finally {
		stop.release();
	}
}
/** The engine throws the reason of its signal: callers abort with reasons of their own, and get our one error. */
function stopperOf(signal) {
	const controller = new AbortController();
	let faulty;
	const stop = () => controller.abort(new OciSaveError({
		code: "interrupted",
		message: "stopped; what was fetched stays in the store, and no half bundle is left",
		cause: signal?.reason
	}));
	signal?.addEventListener("abort", stop, { once: true });
	if (signal?.aborted === true) stop();
	return {
		signal: controller.signal,
		fault(error) {
			faulty ??= error;
			controller.abort(error);
		},
		throwIfFaulty() {
			if (faulty) throw faulty;
		},
		release: () => signal?.removeEventListener("abort", stop)
	};
}
/** An exception in the middle of a stage would pass for a failed image, or end the process. */
function guarded(onEvent, stop) {
	return (event) => {
		try {
			onEvent?.(event);
		} catch (cause) {
			stop.fault(new OciSaveError({
				code: "local",
				message: "onEvent threw, so the run was stopped",
				cause
			}));
		}
	};
}
// src/api/sections.ts
const text = string({ error: "a text is wanted" });
const sectionSchema = strictObject({
	registry: text.optional(),
	username: text.min(1, { error: "it is empty" }),
	password: text.min(1, { error: "it is empty" }),
	images: optionsSchema.shape.images
});
const sectionsSchema = array(sectionSchema, { error: "a list of sections is wanted" });
/**
* Reads sections. Messages name `sections[0].images:2`, from 0 and from 1, and never a user or a password.
* @throws OciSaveError `usage` where they have not the form of sections, or name one repository with two users
*/
function readSections(sections, defaultRegistry) {
	const parsed = sectionsSchema.safeParse(sections);
	if (!parsed.success) throw malformed(parsed.error);
	const lists = [];
	const known = /* @__PURE__ */ new Map();
	const conflicts = [];
	for (const [at, { registry, images, username, password }] of parsed.data.entries()) {
		if (images.length === 0) continue;
		const name = `sections[${at}]`;
		if (registry !== void 0) checkDefaultRegistry(registry, `${name}.registry`);
		const list = parseInline(images, { defaultRegistry: registry ?? defaultRegistry }, `${name}.images`);
		lists.push(list);
		for (const repository of repositoriesOf(list)) {
			const other = known.get(repository);
			if (other === void 0) known.set(repository, {
				section: name,
				username,
				password
			});
			else if (other.username !== username || other.password !== password) conflicts.push(`${other.section} and ${name} name ${repository} with different users`);
		}
	}
	if (conflicts.length > 0) throw new OciSaveError({
		code: "usage",
		message: conflicts.join("\n"),
		hint: "One user reads a repository: put its images into one section."
	});
	return {
		lists,
		credentials: storeOf(known)
	};
}
function repositoriesOf({ requests }) {
	return new Set(requests.flatMap(({ source }) => source.transport === "docker" ? [nameOf(source.reference)] : []));
}
function storeOf(known) {
	return { find: ({ domain, path }) => {
		const found = known.get(`${domain}/${path}`);
		return Promise.resolve(found && {
			username: found.username,
			password: found.password
		});
	} };
}
/** Only places and our own words: a parser that shows values would show passwords. */
function malformed({ issues }) {
	const lines = issues.map(({ path, message, code }) => {
		return `sections${path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("")}: ${code === "unrecognized_keys" ? "it has a key that no section has" : message}`;
	});
	return new OciSaveError({
		code: "usage",
		message: lines.join("\n"),
		hint: "A section is {registry?, username, password, images}."
	});
}
// src/api.ts
/**
* Saves images into a folder that zot serves as it stands: one OCI layout a repository, Docker Hub's official images
* without `library/`. Lock and report stand beside it, as `<dir>.lock.json` and `<dir>.report.json`. An earlier
* bundle at `dir` is replaced when the new one is whole; a folder that holds anything else is refused.
*
* Runs may go on at once, in one process or several, with one store; two on one folder are refused.
*
* @param images entries as in lines of a plain list: `quay.io/acme/db:1`, `busybox@sha256:…`, `source => name`
* @param dir the bundle's folder, relative to the working directory
* @param platform as the option `platforms`: `linux/amd64`, `linux/amd64,linux/arm64`, `all`; empty for linux and this
*   machine's architecture
* @param options as `oci-save save` has them, in camelCase; `layout` and `naming` have the mode's defaults
* @returns the lock, and the report that also stands in the file; with `onError: 'warn'` the report lists what failed
* @throws FailedSaveError, an OciSaveError with `report` and `lock`, where an image failed or `dir` could not be written
* @throws OciSaveError `usage`, `list` or `machine` where nothing was started, `unsupported` for a mode that is not
*   made yet, `interrupted` after an abort
*/
async function saveImages(images, dir, platform, options = {}) {
	const { engine, face } = splitOptions(options);
	return runSave(intoFolder(dir, {
		...engine,
		images,
		platforms: platform
	}), face);
}
/**
* As `saveImages`, for images of which each section has its own user, several users of one registry included. A
* section's credentials serve the repositories that it names, and no other; those of lists in `options` have the auth
* files. They are held in memory; skopeo gets them in a file of mode 0600 that is gone when its copy ends. No argument,
* environment, log, report or lock has them.
*
* @param sections users and their images; one repository with two users is an error
* @throws as `saveImages`
*/
async function saveImagesWithAuth(sections, dir, platform, options = {}) {
	const { engine, face } = splitOptions(options);
	const parsed = intoFolder(dir, {
		...engine,
		platforms: platform
	});
	return runSave(parsed, face, readSections(sections, parsed.defaultRegistry));
}
/**
* Resolves images to digests and sizes, and copies nothing: the lock that `saveImages` would make of them now. The
* store gets their manifests, and the configs of images without an index, whose platform only they tell.
*
* @throws as `saveImages`
*/
async function lockImages(images, platform, options = {}) {
	const { engine, face } = splitOptions(options);
	return runSave(parseOptions({
		...engine,
		images,
		platforms: platform,
		dryRun: true
	}), face, { lockOnly: true });
}
/** Options with `dir` as their folder, whatever its name: `none` and a blank at the end are no words here. */
function intoFolder(dir, given) {
	if (dir === "") throw new OciSaveError({
		code: "usage",
		message: "dir: the path of a folder is wanted"
	});
	return {
		...parseOptions(given),
		output: path.resolve(dir)
	};
}
export { FailedSaveError, OciSaveError, encodeLock, findRegistryRoot, formatReference, isDigest, listStore, lockImages, lockSchema, openStore, parseLock, parseOptions, parseReference, planTree, pruneStore, pushBundle, pushReportSchema, readLists, readManifests, runReportSchema, save, saveImages, saveImagesWithAuth, serveRegistry, verifyStore };
