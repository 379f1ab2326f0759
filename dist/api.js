import { $t as checkDefaultRegistry, Dn as strictObject, Dt as openStore, Et as verifyStore, Ht as parseInline, I as runReportSchema, Jt as parseLock, Lt as readManifests, M as imagesVerdict, N as judge, Nn as OciSaveError, On as string, P as pushVerdict, Qt as lockSchema, R as pushReportSchema, Sn as isDigest, Tt as pruneStore, Zt as encodeLock, a as verifyBundle, f as STOPPED, fn as optionsSchema, gn as nameOf, i as unpackBundle, l as save, mn as formatReference, n as serveRegistry, r as findRegistryRoot, rn as parseOptions, s as pushBundle, sn as valuesOf, t as serveBundle, tt as readLists, ut as planTree, vn as parseReference, wn as array, wt as listStore } from "./engine.js";
import path from "node:path";
// src/api/options.ts
const ARGUMENTS = [
	"images",
	"output",
	"platforms"
];
/**
* Splits options for the engine and the caller. The schema refuses names that it does not know.
* @throws OciSaveError `usage` for an argument among the options, `unsupported` for a mode that does not exist yet
*/
function splitOptions({ onEvent, signal, env, mode, ...given }) {
	const engine = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== void 0));
	const twice = ARGUMENTS.find((name) => name in engine);
	if (twice !== void 0) throw new OciSaveError({
		code: "usage",
		message: `'${twice}' is an argument of the function, and not an option`
	});
	return {
		engine: {
			...defaultsOf(mode ?? "oci"),
			...engine
		},
		caller: {
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
			message: `mode 'registry' (docker-registry's storage tree) does not exist yet`,
			hint: `Use mode 'oci': zot can serve its folder without changes.`
		});
		default: throw new OciSaveError({
			code: "usage",
			message: `mode: '${String(mode)}' is not a mode`,
			hint: `Write 'oci' or 'registry'.`
		});
	}
}
// src/api/run.ts
/**
* Runs the engine for a caller's code.
* @throws FailedSaveError where images failed and `onError` is not `warn`, or the result could not be written;
*   otherwise OciSaveError
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
/** The engine throws the reason of its signal: callers abort with any reason, and get our one error. */
function stopperOf(signal) {
	const controller = new AbortController();
	let faulty;
	const stop = () => controller.abort(new OciSaveError({
		code: "interrupted",
		message: STOPPED,
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
/** An exception in the middle of a stage would look like a failed image, or end the process. */
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
const SHOWN = 10;
/**
* A run in which images failed, whose folder could not be written, or whose release failed. `report.failed` has every
* failed image with class, message and hint, `report.error` why the folder could not be written, `report.release` the
* release. What succeeded stays in the store, so that the next run continues from there. `code` is the class of the
* error, or of the first failure.
*/
var FailedSaveError = class extends OciSaveError {
	report;
	/** The images that are complete. */
	lock;
	constructor({ report, lock }) {
		const verdict = judge(report);
		const { fault, targets, release } = verdict;
		const failed = [...report.failed, ...(report.push ?? []).flatMap((target) => target.failed)];
		const [first] = failed;
		const shown = failed.slice(0, SHOWN).map(({ ref, message }) => `${ref}: ${message}`);
		super({
			code: fault?.class ?? first?.class ?? release?.failure.class ?? "local",
			message: [
				...fault === void 0 ? [] : [fault.message],
				...verdict.failed > 0 ? [imagesVerdict(verdict)] : [],
				...targets.length > 0 ? [pushVerdict(verdict)] : [],
				...shown,
				...failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : [],
				...release === void 0 ? [] : [`release ${release.tag} failed: ${release.failure.message}`]
			].join("\n"),
			hint: fault?.hint ?? first?.hint ?? release?.failure.hint
		});
		this.report = report;
		this.lock = lock;
	}
};
// src/api/sections.ts
const text = string({ error: "must be a text" });
const sectionSchema = strictObject({
	registry: text.optional(),
	username: text.min(1, { error: "must not be empty" }),
	password: text.min(1, { error: "must not be empty" }),
	images: optionsSchema.shape.images
});
const sectionsSchema = array(sectionSchema, { error: "must be a list of sections" });
/**
* Reads sections. Messages name `sections[0].images:2`, from 0 and from 1, and never a user or a password.
* @throws OciSaveError `usage` where they do not have the form of sections, or name one repository with two users
*/
function readSections(sections, { defaultRegistry, variables }) {
	const parsed = sectionsSchema.safeParse(sections);
	if (!parsed.success) throw malformed(parsed.error);
	const lists = [];
	const known = /* @__PURE__ */ new Map();
	const conflicts = [];
	for (const [at, { registry, images, username, password }] of parsed.data.entries()) {
		if (images.length === 0) continue;
		const name = `sections[${at}]`;
		if (registry !== void 0) checkDefaultRegistry(registry, `${name}.registry`);
		const list = parseInline(images, {
			defaultRegistry: registry ?? defaultRegistry,
			variables
		}, `${name}.images`);
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
		hint: "Each repository is read by one user: put its images into one section."
	});
	return {
		lists,
		credentials: storeOf(known)
	};
}
function repositoriesOf({ requests, tagRequests }) {
	return /* @__PURE__ */ new Set([...tagRequests.map(({ repository }) => nameOf(repository)), ...requests.flatMap(({ source }) => source.transport === "docker" ? [nameOf(source.reference)] : [])]);
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
/** Only places and our own words: values may be passwords. */
function malformed({ issues }) {
	const lines = issues.map(({ path, message, code }) => {
		return `sections${path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("")}: ${code === "unrecognized_keys" ? "it has an unknown key" : message}`;
	});
	return new OciSaveError({
		code: "usage",
		message: lines.join("\n"),
		hint: "A section is {registry?, username, password, images}."
	});
}
// src/api.ts
/**
* Saves images into a folder that zot can serve without changes: one OCI layout per repository, Docker Hub's official
* images without `library/`. Lock and report are written next to it, as `<dir>.lock.json` and `<dir>.report.json`. An
* earlier bundle at `dir` is replaced when the new one is complete; a folder that holds anything else is refused.
*
* Several runs, in one process or several, may share one store at the same time; two runs on one folder are refused.
*
* @param images entries as in lines of a plain list: `quay.io/acme/db:1`, `busybox@sha256:…`, `source => name`
* @param dir the bundle's folder, relative to the working directory
* @param platform as the option `platforms`: `linux/amd64`, `linux/amd64,linux/arm64`, `all`; empty: linux and this
*   machine's architecture
* @param options as `oci-save save` has them, in camelCase; `layout` and `naming` have the mode's defaults
* @returns the lock, and the report as it is in the file; with `onError: 'warn'` the report lists what failed
* @throws FailedSaveError, an OciSaveError with `report` and `lock`, where an image failed or `dir` could not be written
* @throws OciSaveError `usage`, `list` or `machine` where nothing was started, `unsupported` for a mode that does
*   not exist yet, `interrupted` after an abort
*/
async function saveImages(images, dir, platform, options = {}) {
	const { engine, caller } = splitOptions(options);
	return runSave(intoFolder(dir, {
		...engine,
		images,
		platforms: platform
	}), caller);
}
/**
* As `saveImages`, for sections of images that each have a user, several users of one registry included. A section's
* credentials are used for the repositories that it names and for no others; the lists in `options` use the auth files.
* Credentials are held in memory; skopeo gets them in a file of mode 0600 that is removed when its copy ends. No
* argument, environment, log, report or lock contains them.
*
* @param sections users and their images; one repository with two users is an error
* @throws as `saveImages`
*/
async function saveImagesWithAuth(sections, dir, platform, options = {}) {
	const { engine, caller } = splitOptions(options);
	const parsed = intoFolder(dir, {
		...engine,
		platforms: platform
	});
	return runSave(parsed, caller, readSections(sections, {
		defaultRegistry: parsed.defaultRegistry,
		variables: { given: valuesOf(parsed.vars, caller.env ?? process.env) }
	}));
}
/**
* Resolves images to digests and sizes, and copies nothing: the lock that `saveImages` would write for them now. Their
* manifests are stored, and the configs of images without an index: only these name the platform.
*
* @throws as `saveImages`
*/
async function lockImages(images, platform, options = {}) {
	const { engine, caller } = splitOptions(options);
	return runSave(parseOptions({
		...engine,
		images,
		platforms: platform,
		dryRun: true
	}), caller, { lockOnly: true });
}
/** Options with `dir` as their folder. Set after parsing: `none` and a blank at the end have no meaning in `dir`. */
function intoFolder(dir, given) {
	if (dir === "") throw new OciSaveError({
		code: "usage",
		message: "dir: it must be the path of a folder"
	});
	return {
		...parseOptions(given),
		output: path.resolve(dir)
	};
}
export { FailedSaveError, OciSaveError, encodeLock, findRegistryRoot, formatReference, isDigest, listStore, lockImages, lockSchema, openStore, parseLock, parseOptions, parseReference, planTree, pruneStore, pushBundle, pushReportSchema, readLists, readManifests, runReportSchema, save, saveImages, saveImagesWithAuth, serveBundle, serveRegistry, unpackBundle, verifyBundle, verifyStore };
