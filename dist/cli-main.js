import { $ as listLines, An as quoteText, Bn as hint, C as createReporter, Cn as shortDigest, Ct as VERSION, D as wrapLines, E as renderColumns, Et as verifyStore, Fn as exitCodeOf, Ft as isFile, Gt as formatBytes, Hn as option, K as joinRequests, Kt as formatCount, Mt as readStart, Nn as OciSaveError, Nt as openRegular, Pt as exists$1, Q as leftOutLines, Rn as systemCodeOf, Rt as archiveNamed, S as renderRelease, Sn as isDigest, T as renderImageList, Tt as pruneStore, Un as spellHint, Ut as isListAddress, Vn as kebab, Wt as formatOrigin, X as LIST_FORMS, Y as entryOf, Z as writeList, Zt as encodeLock, _n as namesRegistry, a as verifyBundle, an as parseReleaseOptions, at as lockFileIn, b as renderWarnings$1, bn as blobHexIn, c as listInputs, ct as writeFileWhole, d as storeFolder, dn as describeOptions, en as formatSource, gn as nameOf, gt as shellWord, hn as isReference, ht as printableJson, i as unpackBundle, in as parseOptionsWithLogins, it as readLock, j as listingsOf, jn as showText, kn as formatPlatform, l as save, mn as formatReference, mt as plainText, nt as surveyLists, o as releaseContent, on as parseStoreOptions, ot as foreignAt, p as watchSignals, q as idleOptions, qt as LOCK_FILE_KIND, rn as parseOptions, rt as lockOfArchive, s as pushBundle, st as refuseForeign, t as serveBundle, tn as listError, v as renderListings, w as renderError, wt as listStore, x as renderPushSummary, y as renderSummary, yn as shownReference, zn as asFlag } from "./engine.js";
import path from "node:path";
import { lstat, stat } from "node:fs/promises";
import fs from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import childProcess from "node:child_process";
import { EventEmitter } from "node:events";
// node_modules/commander/lib/error.js
/**
* CommanderError class
*/
var CommanderError = class extends Error {
	/**
	* Constructs the CommanderError class
	* @param {number} exitCode suggested exit code which could be used with process.exit
	* @param {string} code an id string representing the error
	* @param {string} message human-readable description of the error
	*/
	constructor(exitCode, code, message) {
		super(message);
		Error.captureStackTrace(this, this.constructor);
		this.name = this.constructor.name;
		this.code = code;
		this.exitCode = exitCode;
		this.nestedError = void 0;
	}
};
/**
* InvalidArgumentError class
*/
var InvalidArgumentError = class extends CommanderError {
	/**
	* Constructs the InvalidArgumentError class
	* @param {string} [message] explanation of why argument is invalid
	*/
	constructor(message) {
		super(1, "commander.invalidArgument", message);
		Error.captureStackTrace(this, this.constructor);
		this.name = this.constructor.name;
	}
};
// node_modules/commander/lib/argument.js
var Argument = class {
	/**
	* Initialize a new command argument with the given name and description.
	* The default is that the argument is required, and you can explicitly
	* indicate this with <> around the name. Put [] around the name for an optional argument.
	*
	* @param {string} name
	* @param {string} [description]
	*/
	constructor(name, description) {
		this.description = description || "";
		this.variadic = false;
		this.parseArg = void 0;
		this.defaultValue = void 0;
		this.defaultValueDescription = void 0;
		this.argChoices = void 0;
		switch (name[0]) {
			case "<":
				this.required = true;
				this._name = name.slice(1, -1);
				break;
			case "[":
				this.required = false;
				this._name = name.slice(1, -1);
				break;
			default:
				this.required = true;
				this._name = name;
		}
		if (this._name.endsWith("...")) {
			this.variadic = true;
			this._name = this._name.slice(0, -3);
		}
	}
	/**
	* Return argument name.
	*
	* @return {string}
	*/
	name() {
		return this._name;
	}
	/**
	* @package
	*/
	_collectValue(value, previous) {
		if (previous === this.defaultValue || !Array.isArray(previous)) return [value];
		previous.push(value);
		return previous;
	}
	/**
	* Set the default value, and optionally supply the description to be displayed in the help.
	*
	* @param {*} value
	* @param {string} [description]
	* @return {Argument}
	*/
	default(value, description) {
		this.defaultValue = value;
		this.defaultValueDescription = description;
		return this;
	}
	/**
	* Set the custom handler for processing CLI command arguments into argument values.
	*
	* @param {Function} [fn]
	* @return {Argument}
	*/
	argParser(fn) {
		this.parseArg = fn;
		return this;
	}
	/**
	* Only allow argument value to be one of choices.
	*
	* @param {string[]} values
	* @return {Argument}
	*/
	choices(values) {
		this.argChoices = values.slice();
		this.parseArg = (arg, previous) => {
			if (!this.argChoices.includes(arg)) throw new InvalidArgumentError(`Allowed choices are ${this.argChoices.join(", ")}.`);
			if (this.variadic) return this._collectValue(arg, previous);
			return arg;
		};
		return this;
	}
	/**
	* Make argument required.
	*
	* @returns {Argument}
	*/
	argRequired() {
		this.required = true;
		return this;
	}
	/**
	* Make argument optional.
	*
	* @returns {Argument}
	*/
	argOptional() {
		this.required = false;
		return this;
	}
};
/**
* Takes an argument and returns its human readable equivalent for help usage.
*
* @param {Argument} arg
* @return {string}
* @private
*/
function humanReadableArgName(arg) {
	const nameOutput = arg.name() + (arg.variadic === true ? "..." : "");
	return arg.required ? "<" + nameOutput + ">" : "[" + nameOutput + "]";
}
// node_modules/commander/lib/help.js
/**
* TypeScript import types for JSDoc, used by Visual Studio Code IntelliSense and `npm run typescript-checkJS`
* https://www.typescriptlang.org/docs/handbook/jsdoc-supported-types.html#import-types
* @typedef { import("./argument.js").Argument } Argument
* @typedef { import("./command.js").Command } Command
* @typedef { import("./option.js").Option } Option
*/
var Help = class {
	constructor() {
		this.helpWidth = void 0;
		this.minWidthToWrap = 40;
		this.sortSubcommands = false;
		this.sortOptions = false;
		this.showGlobalOptions = false;
	}
	/**
	* prepareContext is called by Commander after applying overrides from `Command.configureHelp()`
	* and just before calling `formatHelp()`.
	*
	* Commander just uses the helpWidth and the rest is provided for optional use by more complex subclasses.
	*
	* @param {{ error?: boolean, helpWidth?: number, outputHasColors?: boolean }} contextOptions
	*/
	prepareContext(contextOptions) {
		this.helpWidth = this.helpWidth ?? contextOptions.helpWidth ?? 80;
	}
	/**
	* Get an array of the visible subcommands. Includes a placeholder for the implicit help command, if there is one.
	*
	* @param {Command} cmd
	* @returns {Command[]}
	*/
	visibleCommands(cmd) {
		const visibleCommands = cmd.commands.filter((cmd) => !cmd._hidden);
		const helpCommand = cmd._getHelpCommand();
		if (helpCommand && !helpCommand._hidden) visibleCommands.push(helpCommand);
		if (this.sortSubcommands) visibleCommands.sort((a, b) => {
			return a.name().localeCompare(b.name());
		});
		return visibleCommands;
	}
	/**
	* Compare options for sort.
	*
	* @param {Option} a
	* @param {Option} b
	* @returns {number}
	*/
	compareOptions(a, b) {
		const getSortKey = (option) => {
			return option.short ? option.short.replace(/^-/, "") : option.long.replace(/^--/, "");
		};
		return getSortKey(a).localeCompare(getSortKey(b));
	}
	/**
	* Get an array of the visible options. Includes a placeholder for the implicit help option, if there is one.
	*
	* @param {Command} cmd
	* @returns {Option[]}
	*/
	visibleOptions(cmd) {
		const visibleOptions = cmd.options.filter((option) => !option.hidden);
		const helpOption = cmd._getHelpOption();
		if (helpOption && !helpOption.hidden) {
			const removeShort = helpOption.short && cmd._findOption(helpOption.short);
			const removeLong = helpOption.long && cmd._findOption(helpOption.long);
			if (!removeShort && !removeLong) visibleOptions.push(helpOption);
			else if (helpOption.long && !removeLong) visibleOptions.push(cmd.createOption(helpOption.long, helpOption.description).helpGroup(helpOption.helpGroupHeading));
			else if (helpOption.short && !removeShort) visibleOptions.push(cmd.createOption(helpOption.short, helpOption.description).helpGroup(helpOption.helpGroupHeading));
		}
		if (this.sortOptions) visibleOptions.sort(this.compareOptions);
		return visibleOptions;
	}
	/**
	* Get an array of the visible global options. (Not including help.)
	*
	* @param {Command} cmd
	* @returns {Option[]}
	*/
	visibleGlobalOptions(cmd) {
		if (!this.showGlobalOptions) return [];
		const globalOptions = [];
		for (let ancestorCmd = cmd.parent; ancestorCmd; ancestorCmd = ancestorCmd.parent) {
			const visibleOptions = ancestorCmd.options.filter((option) => !option.hidden);
			globalOptions.push(...visibleOptions);
		}
		if (this.sortOptions) globalOptions.sort(this.compareOptions);
		return globalOptions;
	}
	/**
	* Get an array of the arguments if any have a description.
	*
	* @param {Command} cmd
	* @returns {Argument[]}
	*/
	visibleArguments(cmd) {
		if (cmd._argsDescription) cmd.registeredArguments.forEach((argument) => {
			argument.description = argument.description || cmd._argsDescription[argument.name()] || "";
		});
		if (cmd.registeredArguments.find((argument) => argument.description)) return cmd.registeredArguments;
		return [];
	}
	/**
	* Get the command term to show in the list of subcommands.
	*
	* @param {Command} cmd
	* @returns {string}
	*/
	subcommandTerm(cmd) {
		const args = cmd.registeredArguments.map((arg) => humanReadableArgName(arg)).join(" ");
		return cmd._name + (cmd._aliases[0] ? "|" + cmd._aliases[0] : "") + (cmd.options.length ? " [options]" : "") + (args ? " " + args : "");
	}
	/**
	* Get the option term to show in the list of options.
	*
	* @param {Option} option
	* @returns {string}
	*/
	optionTerm(option) {
		return option.flags;
	}
	/**
	* Get the argument term to show in the list of arguments.
	*
	* @param {Argument} argument
	* @returns {string}
	*/
	argumentTerm(argument) {
		return argument.name();
	}
	/**
	* Get the longest command term length.
	*
	* @param {Command} cmd
	* @param {Help} helper
	* @returns {number}
	*/
	longestSubcommandTermLength(cmd, helper) {
		return helper.visibleCommands(cmd).reduce((max, command) => {
			return Math.max(max, this.displayWidth(helper.styleSubcommandTerm(helper.subcommandTerm(command))));
		}, 0);
	}
	/**
	* Get the longest option term length.
	*
	* @param {Command} cmd
	* @param {Help} helper
	* @returns {number}
	*/
	longestOptionTermLength(cmd, helper) {
		return helper.visibleOptions(cmd).reduce((max, option) => {
			return Math.max(max, this.displayWidth(helper.styleOptionTerm(helper.optionTerm(option))));
		}, 0);
	}
	/**
	* Get the longest global option term length.
	*
	* @param {Command} cmd
	* @param {Help} helper
	* @returns {number}
	*/
	longestGlobalOptionTermLength(cmd, helper) {
		return helper.visibleGlobalOptions(cmd).reduce((max, option) => {
			return Math.max(max, this.displayWidth(helper.styleOptionTerm(helper.optionTerm(option))));
		}, 0);
	}
	/**
	* Get the longest argument term length.
	*
	* @param {Command} cmd
	* @param {Help} helper
	* @returns {number}
	*/
	longestArgumentTermLength(cmd, helper) {
		return helper.visibleArguments(cmd).reduce((max, argument) => {
			return Math.max(max, this.displayWidth(helper.styleArgumentTerm(helper.argumentTerm(argument))));
		}, 0);
	}
	/**
	* Get the command usage to be displayed at the top of the built-in help.
	*
	* @param {Command} cmd
	* @returns {string}
	*/
	commandUsage(cmd) {
		let cmdName = cmd._name;
		if (cmd._aliases[0]) cmdName = cmdName + "|" + cmd._aliases[0];
		let ancestorCmdNames = "";
		for (let ancestorCmd = cmd.parent; ancestorCmd; ancestorCmd = ancestorCmd.parent) ancestorCmdNames = ancestorCmd.name() + " " + ancestorCmdNames;
		return ancestorCmdNames + cmdName + " " + cmd.usage();
	}
	/**
	* Get the description for the command.
	*
	* @param {Command} cmd
	* @returns {string}
	*/
	commandDescription(cmd) {
		return cmd.description();
	}
	/**
	* Get the subcommand summary to show in the list of subcommands.
	* (Fallback to description for backwards compatibility.)
	*
	* @param {Command} cmd
	* @returns {string}
	*/
	subcommandDescription(cmd) {
		return cmd.summary() || cmd.description();
	}
	/**
	* Get the option description to show in the list of options.
	*
	* @param {Option} option
	* @return {string}
	*/
	optionDescription(option) {
		const extraInfo = [];
		if (option.argChoices) extraInfo.push(`choices: ${option.argChoices.map((choice) => JSON.stringify(choice)).join(", ")}`);
		if (option.defaultValue !== void 0) {
			if (option.required || option.optional || option.isBoolean() && typeof option.defaultValue === "boolean") extraInfo.push(`default: ${option.defaultValueDescription || JSON.stringify(option.defaultValue)}`);
		}
		if (option.presetArg !== void 0 && option.optional) extraInfo.push(`preset: ${JSON.stringify(option.presetArg)}`);
		if (option.envVar !== void 0) extraInfo.push(`env: ${option.envVar}`);
		if (extraInfo.length > 0) {
			const extraDescription = `(${extraInfo.join(", ")})`;
			if (option.description) return `${option.description} ${extraDescription}`;
			return extraDescription;
		}
		return option.description;
	}
	/**
	* Get the argument description to show in the list of arguments.
	*
	* @param {Argument} argument
	* @return {string}
	*/
	argumentDescription(argument) {
		const extraInfo = [];
		if (argument.argChoices) extraInfo.push(`choices: ${argument.argChoices.map((choice) => JSON.stringify(choice)).join(", ")}`);
		if (argument.defaultValue !== void 0) extraInfo.push(`default: ${argument.defaultValueDescription || JSON.stringify(argument.defaultValue)}`);
		if (extraInfo.length > 0) {
			const extraDescription = `(${extraInfo.join(", ")})`;
			if (argument.description) return `${argument.description} ${extraDescription}`;
			return extraDescription;
		}
		return argument.description;
	}
	/**
	* Format a list of items, given a heading and an array of formatted items.
	*
	* @param {string} heading
	* @param {string[]} items
	* @param {Help} helper
	* @returns string[]
	*/
	formatItemList(heading, items, helper) {
		if (items.length === 0) return [];
		return [
			helper.styleTitle(heading),
			...items,
			""
		];
	}
	/**
	* Group items by their help group heading.
	*
	* @param {Command[] | Option[]} unsortedItems
	* @param {Command[] | Option[]} visibleItems
	* @param {Function} getGroup
	* @returns {Map<string, Command[] | Option[]>}
	*/
	groupItems(unsortedItems, visibleItems, getGroup) {
		const result = /* @__PURE__ */ new Map();
		unsortedItems.forEach((item) => {
			const group = getGroup(item);
			if (!result.has(group)) result.set(group, []);
		});
		visibleItems.forEach((item) => {
			const group = getGroup(item);
			if (!result.has(group)) result.set(group, []);
			result.get(group).push(item);
		});
		return result;
	}
	/**
	* Generate the built-in help text.
	*
	* @param {Command} cmd
	* @param {Help} helper
	* @returns {string}
	*/
	formatHelp(cmd, helper) {
		const termWidth = helper.padWidth(cmd, helper);
		const helpWidth = helper.helpWidth ?? 80;
		function callFormatItem(term, description) {
			return helper.formatItem(term, termWidth, description, helper);
		}
		let output = [`${helper.styleTitle("Usage:")} ${helper.styleUsage(helper.commandUsage(cmd))}`, ""];
		const commandDescription = helper.commandDescription(cmd);
		if (commandDescription.length > 0) output = output.concat([helper.boxWrap(helper.styleCommandDescription(commandDescription), helpWidth), ""]);
		const argumentList = helper.visibleArguments(cmd).map((argument) => {
			return callFormatItem(helper.styleArgumentTerm(helper.argumentTerm(argument)), helper.styleArgumentDescription(helper.argumentDescription(argument)));
		});
		output = output.concat(this.formatItemList("Arguments:", argumentList, helper));
		this.groupItems(cmd.options, helper.visibleOptions(cmd), (option) => option.helpGroupHeading ?? "Options:").forEach((options, group) => {
			const optionList = options.map((option) => {
				return callFormatItem(helper.styleOptionTerm(helper.optionTerm(option)), helper.styleOptionDescription(helper.optionDescription(option)));
			});
			output = output.concat(this.formatItemList(group, optionList, helper));
		});
		if (helper.showGlobalOptions) {
			const globalOptionList = helper.visibleGlobalOptions(cmd).map((option) => {
				return callFormatItem(helper.styleOptionTerm(helper.optionTerm(option)), helper.styleOptionDescription(helper.optionDescription(option)));
			});
			output = output.concat(this.formatItemList("Global Options:", globalOptionList, helper));
		}
		this.groupItems(cmd.commands, helper.visibleCommands(cmd), (sub) => sub.helpGroup() || "Commands:").forEach((commands, group) => {
			const commandList = commands.map((sub) => {
				return callFormatItem(helper.styleSubcommandTerm(helper.subcommandTerm(sub)), helper.styleSubcommandDescription(helper.subcommandDescription(sub)));
			});
			output = output.concat(this.formatItemList(group, commandList, helper));
		});
		return output.join("\n");
	}
	/**
	* Return display width of string, ignoring ANSI escape sequences. Used in padding and wrapping calculations.
	*
	* @param {string} str
	* @returns {number}
	*/
	displayWidth(str) {
		return stripVTControlCharacters(str).length;
	}
	/**
	* Style the title for displaying in the help. Called with 'Usage:', 'Options:', etc.
	*
	* @param {string} str
	* @returns {string}
	*/
	styleTitle(str) {
		return str;
	}
	styleUsage(str) {
		return str.split(" ").map((word) => {
			if (word === "[options]") return this.styleOptionText(word);
			if (word === "[command]") return this.styleSubcommandText(word);
			if (word[0] === "[" || word[0] === "<") return this.styleArgumentText(word);
			return this.styleCommandText(word);
		}).join(" ");
	}
	styleCommandDescription(str) {
		return this.styleDescriptionText(str);
	}
	styleOptionDescription(str) {
		return this.styleDescriptionText(str);
	}
	styleSubcommandDescription(str) {
		return this.styleDescriptionText(str);
	}
	styleArgumentDescription(str) {
		return this.styleDescriptionText(str);
	}
	styleDescriptionText(str) {
		return str;
	}
	styleOptionTerm(str) {
		return this.styleOptionText(str);
	}
	styleSubcommandTerm(str) {
		return str.split(" ").map((word) => {
			if (word === "[options]") return this.styleOptionText(word);
			if (word[0] === "[" || word[0] === "<") return this.styleArgumentText(word);
			return this.styleSubcommandText(word);
		}).join(" ");
	}
	styleArgumentTerm(str) {
		return this.styleArgumentText(str);
	}
	styleOptionText(str) {
		return str;
	}
	styleArgumentText(str) {
		return str;
	}
	styleSubcommandText(str) {
		return str;
	}
	styleCommandText(str) {
		return str;
	}
	/**
	* Calculate the pad width from the maximum term length.
	*
	* @param {Command} cmd
	* @param {Help} helper
	* @returns {number}
	*/
	padWidth(cmd, helper) {
		return Math.max(helper.longestOptionTermLength(cmd, helper), helper.longestGlobalOptionTermLength(cmd, helper), helper.longestSubcommandTermLength(cmd, helper), helper.longestArgumentTermLength(cmd, helper));
	}
	/**
	* Detect manually wrapped and indented strings by checking for line break followed by whitespace.
	*
	* @param {string} str
	* @returns {boolean}
	*/
	preformatted(str) {
		return /\n[^\S\r\n]/.test(str);
	}
	/**
	* Format the "item", which consists of a term and description. Pad the term and wrap the description, indenting the following lines.
	*
	* So "TTT", 5, "DDD DDDD DD DDD" might be formatted for this.helpWidth=17 like so:
	*   TTT  DDD DDDD
	*        DD DDD
	*
	* @param {string} term
	* @param {number} termWidth
	* @param {string} description
	* @param {Help} helper
	* @returns {string}
	*/
	formatItem(term, termWidth, description, helper) {
		const itemIndent = 2;
		const itemIndentStr = " ".repeat(itemIndent);
		if (!description) return itemIndentStr + term;
		const paddedTerm = term.padEnd(termWidth + term.length - helper.displayWidth(term));
		const spacerWidth = 2;
		const remainingWidth = (this.helpWidth ?? 80) - termWidth - spacerWidth - itemIndent;
		let formattedDescription;
		if (remainingWidth < this.minWidthToWrap || helper.preformatted(description)) formattedDescription = description;
		else formattedDescription = helper.boxWrap(description, remainingWidth).replace(/\n/g, "\n" + " ".repeat(termWidth + spacerWidth));
		return itemIndentStr + paddedTerm + " ".repeat(spacerWidth) + formattedDescription.replace(/\n/g, `\n${itemIndentStr}`);
	}
	/**
	* Wrap a string at whitespace, preserving existing line breaks.
	* Wrapping is skipped if the width is less than `minWidthToWrap`.
	*
	* @param {string} str
	* @param {number} width
	* @returns {string}
	*/
	boxWrap(str, width) {
		if (width < this.minWidthToWrap) return str;
		const rawLines = str.split(/\r\n|\n/);
		const chunkPattern = /[\s]*[^\s]+/g;
		const wrappedLines = [];
		rawLines.forEach((line) => {
			const chunks = line.match(chunkPattern);
			if (chunks === null) {
				wrappedLines.push("");
				return;
			}
			let sumChunks = [chunks.shift()];
			let sumWidth = this.displayWidth(sumChunks[0]);
			chunks.forEach((chunk) => {
				const visibleWidth = this.displayWidth(chunk);
				if (sumWidth + visibleWidth <= width) {
					sumChunks.push(chunk);
					sumWidth += visibleWidth;
					return;
				}
				wrappedLines.push(sumChunks.join(""));
				const nextChunk = chunk.trimStart();
				sumChunks = [nextChunk];
				sumWidth = this.displayWidth(nextChunk);
			});
			wrappedLines.push(sumChunks.join(""));
		});
		return wrappedLines.join("\n");
	}
};
// node_modules/commander/lib/option.js
var Option = class {
	/**
	* Initialize a new `Option` with the given `flags` and `description`.
	*
	* @param {string} flags
	* @param {string} [description]
	*/
	constructor(flags, description) {
		this.flags = flags;
		this.description = description || "";
		this.required = flags.includes("<");
		this.optional = flags.includes("[");
		this.variadic = /\p{ID_Continue}\.\.\.[>\]]$/u.test(flags);
		this.mandatory = false;
		const optionFlags = splitOptionFlags(flags);
		this.short = optionFlags.shortFlag;
		this.long = optionFlags.longFlag;
		this.negate = false;
		if (this.long) this.negate = this.long.startsWith("--no-");
		this.defaultValue = void 0;
		this.defaultValueDescription = void 0;
		this.presetArg = void 0;
		this.envVar = void 0;
		this.parseArg = void 0;
		this.hidden = false;
		this.argChoices = void 0;
		this.conflictsWith = [];
		this.implied = void 0;
		this.helpGroupHeading = void 0;
	}
	/**
	* Set the default value, and optionally supply the description to be displayed in the help.
	*
	* @param {*} value
	* @param {string} [description]
	* @return {Option}
	*/
	default(value, description) {
		this.defaultValue = value;
		this.defaultValueDescription = description;
		return this;
	}
	/**
	* Preset to use when option used without option-argument, especially optional but also boolean and negated.
	* The custom processing (parseArg) is called.
	*
	* @example
	* new Option('--color').default('GREYSCALE').preset('RGB');
	* new Option('--donate [amount]').preset('20').argParser(parseFloat);
	*
	* @param {*} arg
	* @return {Option}
	*/
	preset(arg) {
		this.presetArg = arg;
		return this;
	}
	/**
	* Add option name(s) that conflict with this option.
	* An error will be displayed if conflicting options are found during parsing.
	*
	* @example
	* new Option('--rgb').conflicts('cmyk');
	* new Option('--js').conflicts(['ts', 'jsx']);
	*
	* @param {(string | string[])} names
	* @return {Option}
	*/
	conflicts(names) {
		this.conflictsWith = this.conflictsWith.concat(names);
		return this;
	}
	/**
	* Specify implied option values for when this option is set and the implied options are not.
	*
	* The custom processing (parseArg) is not called on the implied values.
	*
	* @example
	* program
	*   .addOption(new Option('--log', 'write logging information to file'))
	*   .addOption(new Option('--trace', 'log extra details').implies({ log: 'trace.txt' }));
	*
	* @param {object} impliedOptionValues
	* @return {Option}
	*/
	implies(impliedOptionValues) {
		let newImplied = impliedOptionValues;
		if (typeof impliedOptionValues === "string") newImplied = { [impliedOptionValues]: true };
		this.implied = Object.assign(this.implied || {}, newImplied);
		return this;
	}
	/**
	* Set environment variable to check for option value.
	*
	* An environment variable is only used if when processed the current option value is
	* undefined, or the source of the current value is 'default' or 'config' or 'env'.
	*
	* @param {string} name
	* @return {Option}
	*/
	env(name) {
		this.envVar = name;
		return this;
	}
	/**
	* Set the custom handler for processing CLI option arguments into option values.
	*
	* @param {Function} [fn]
	* @return {Option}
	*/
	argParser(fn) {
		this.parseArg = fn;
		return this;
	}
	/**
	* Whether the option is mandatory and must have a value after parsing.
	*
	* @param {boolean} [mandatory=true]
	* @return {Option}
	*/
	makeOptionMandatory(mandatory = true) {
		this.mandatory = !!mandatory;
		return this;
	}
	/**
	* Hide option in help.
	*
	* @param {boolean} [hide=true]
	* @return {Option}
	*/
	hideHelp(hide = true) {
		this.hidden = !!hide;
		return this;
	}
	/**
	* @package
	*/
	_collectValue(value, previous) {
		if (previous === this.defaultValue || !Array.isArray(previous)) return [value];
		previous.push(value);
		return previous;
	}
	/**
	* Only allow option value to be one of choices.
	*
	* @param {string[]} values
	* @return {Option}
	*/
	choices(values) {
		this.argChoices = values.slice();
		this.parseArg = (arg, previous) => {
			if (!this.argChoices.includes(arg)) throw new InvalidArgumentError(`Allowed choices are ${this.argChoices.join(", ")}.`);
			if (this.variadic) return this._collectValue(arg, previous);
			return arg;
		};
		return this;
	}
	/**
	* Return option name.
	*
	* @return {string}
	*/
	name() {
		if (this.long) return this.long.replace(/^--/, "");
		return this.short.replace(/^-/, "");
	}
	/**
	* Return option name, in a camelcase format that can be used
	* as an object attribute key.
	*
	* @return {string}
	*/
	attributeName() {
		if (this.negate) return camelcase(this.name().replace(/^no-/, ""));
		return camelcase(this.name());
	}
	/**
	* Set the help group heading.
	*
	* @param {string} heading
	* @return {Option}
	*/
	helpGroup(heading) {
		this.helpGroupHeading = heading;
		return this;
	}
	/**
	* Check if `arg` matches the short or long flag.
	*
	* @param {string} arg
	* @return {boolean}
	* @package
	*/
	is(arg) {
		return this.short === arg || this.long === arg;
	}
	/**
	* Return whether a boolean option.
	*
	* Options are one of boolean, negated, required argument, or optional argument.
	*
	* @return {boolean}
	* @package
	*/
	isBoolean() {
		return !this.required && !this.optional && !this.negate;
	}
};
/**
* This class is to make it easier to work with dual options, without changing the existing
* implementation. We support separate dual options for separate positive and negative options,
* like `--build` and `--no-build`, which share a single option value. This works nicely for some
* use cases, but is tricky for others where we want separate behaviours despite
* the single shared option value.
*/
var DualOptions = class {
	/**
	* @param {Option[]} options
	*/
	constructor(options) {
		this.positiveOptions = /* @__PURE__ */ new Map();
		this.negativeOptions = /* @__PURE__ */ new Map();
		this.dualOptions = /* @__PURE__ */ new Set();
		options.forEach((option) => {
			if (option.negate) this.negativeOptions.set(option.attributeName(), option);
			else this.positiveOptions.set(option.attributeName(), option);
		});
		this.negativeOptions.forEach((value, key) => {
			if (this.positiveOptions.has(key)) this.dualOptions.add(key);
		});
	}
	/**
	* Did the value come from the option, and not from possible matching dual option?
	*
	* @param {*} value
	* @param {Option} option
	* @returns {boolean}
	*/
	valueFromOption(value, option) {
		const optionKey = option.attributeName();
		if (!this.dualOptions.has(optionKey)) return true;
		const preset = this.negativeOptions.get(optionKey).presetArg;
		const negativeValue = preset !== void 0 ? preset : false;
		return option.negate === (negativeValue === value);
	}
};
/**
* Convert string from kebab-case to camelCase.
*
* @param {string} str
* @return {string}
* @private
*/
function camelcase(str) {
	return str.split("-").reduce((str, word) => {
		return str + word[0].toUpperCase() + word.slice(1);
	});
}
/**
* Split the short and long flag out of something like '-m,--mixed <value>'
*
* @private
*/
function splitOptionFlags(flags) {
	let shortFlag;
	let longFlag;
	const shortFlagExp = /^-[^-]$/;
	const longFlagExp = /^--[^-]/;
	const flagParts = flags.split(/[ |,]+/).concat("guard");
	if (shortFlagExp.test(flagParts[0])) shortFlag = flagParts.shift();
	if (longFlagExp.test(flagParts[0])) longFlag = flagParts.shift();
	if (!shortFlag && shortFlagExp.test(flagParts[0])) shortFlag = flagParts.shift();
	if (!shortFlag && longFlagExp.test(flagParts[0])) {
		shortFlag = longFlag;
		longFlag = flagParts.shift();
	}
	if (flagParts[0].startsWith("-")) {
		const unsupportedFlag = flagParts[0];
		const baseError = `option creation failed due to '${unsupportedFlag}' in option flags '${flags}'`;
		if (/^-[^-][^-]/.test(unsupportedFlag)) throw new Error(`${baseError}
- a short flag is a single dash and a single character
  - either use a single dash and a single character (for a short flag)
  - or use a double dash for a long option (and can have two, like '--ws, --workspace')`);
		if (shortFlagExp.test(unsupportedFlag)) throw new Error(`${baseError}
- too many short flags`);
		if (longFlagExp.test(unsupportedFlag)) throw new Error(`${baseError}
- too many long flags`);
		throw new Error(`${baseError}
- unrecognised flag format`);
	}
	if (shortFlag === void 0 && longFlag === void 0) throw new Error(`option creation failed due to no flags found in '${flags}'.`);
	return {
		shortFlag,
		longFlag
	};
}
// node_modules/commander/lib/suggestSimilar.js
const maxDistance = 3;
function editDistance(a, b) {
	if (Math.abs(a.length - b.length) > maxDistance) return Math.max(a.length, b.length);
	const d = [];
	for (let i = 0; i <= a.length; i++) d[i] = [i];
	for (let j = 0; j <= b.length; j++) d[0][j] = j;
	for (let j = 1; j <= b.length; j++) for (let i = 1; i <= a.length; i++) {
		let cost;
		if (a[i - 1] === b[j - 1]) cost = 0;
		else cost = 1;
		d[i][j] = Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost);
		if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
	}
	return d[a.length][b.length];
}
/**
* Find close matches, restricted to same number of edits.
*
* @param {string} word
* @param {string[]} candidates
* @returns {string}
*/
function suggestSimilar(word, candidates) {
	if (!candidates || candidates.length === 0) return "";
	candidates = Array.from(new Set(candidates));
	const searchingOptions = word.startsWith("--");
	if (searchingOptions) {
		word = word.slice(2);
		candidates = candidates.map((candidate) => candidate.slice(2));
	}
	let similar = [];
	let bestDistance = maxDistance;
	const minSimilarity = .4;
	candidates.forEach((candidate) => {
		if (candidate.length <= 1) return;
		const distance = editDistance(word, candidate);
		const length = Math.max(word.length, candidate.length);
		if ((length - distance) / length > minSimilarity) {
			if (distance < bestDistance) {
				bestDistance = distance;
				similar = [candidate];
			} else if (distance === bestDistance) similar.push(candidate);
		}
	});
	similar.sort((a, b) => a.localeCompare(b));
	if (searchingOptions) similar = similar.map((candidate) => `--${candidate}`);
	if (similar.length > 1) return `\n(Did you mean one of ${similar.join(", ")}?)`;
	if (similar.length === 1) return `\n(Did you mean ${similar[0]}?)`;
	return "";
}
// node_modules/commander/lib/command.js
var Command = class Command extends EventEmitter {
	/**
	* Initialize a new `Command`.
	*
	* @param {string} [name]
	*/
	constructor(name) {
		super();
		/** @type {Command[]} */
		this.commands = [];
		/** @type {Option[]} */
		this.options = [];
		this.parent = null;
		this._allowUnknownOption = false;
		this._allowExcessArguments = false;
		/** @type {Argument[]} */
		this.registeredArguments = [];
		this._args = this.registeredArguments;
		/** @type {string[]} */
		this.args = [];
		this.rawArgs = [];
		this.processedArgs = [];
		this._scriptPath = null;
		this._name = name || "";
		this._optionValues = {};
		this._optionValueSources = {};
		this._storeOptionsAsProperties = false;
		this._actionHandler = null;
		this._executableHandler = false;
		this._executableFile = null;
		this._executableDir = null;
		this._defaultCommandName = null;
		this._exitCallback = null;
		this._aliases = [];
		this._combineFlagAndOptionalValue = true;
		this._description = "";
		this._summary = "";
		this._argsDescription = void 0;
		this._enablePositionalOptions = false;
		this._passThroughOptions = false;
		this._lifeCycleHooks = {};
		/** @type {(boolean | string)} */
		this._showHelpAfterError = false;
		this._showSuggestionAfterError = true;
		this._savedState = null;
		this._outputConfiguration = {
			writeOut: (str) => process.stdout.write(str),
			writeErr: (str) => process.stderr.write(str),
			outputError: (str, write) => write(str),
			getOutHelpWidth: () => process.stdout.isTTY ? process.stdout.columns : void 0,
			getErrHelpWidth: () => process.stderr.isTTY ? process.stderr.columns : void 0,
			getOutHasColors: () => useColor() ?? (process.stdout.isTTY && process.stdout.hasColors?.()),
			getErrHasColors: () => useColor() ?? (process.stderr.isTTY && process.stderr.hasColors?.()),
			stripColor: (str) => stripVTControlCharacters(str)
		};
		this._hidden = false;
		/** @type {(Option | null | undefined)} */
		this._helpOption = void 0;
		this._addImplicitHelpCommand = void 0;
		/** @type {Command} */
		this._helpCommand = void 0;
		this._helpConfiguration = {};
		/** @type {string | undefined} */
		this._helpGroupHeading = void 0;
		/** @type {string | undefined} */
		this._defaultCommandGroup = void 0;
		/** @type {string | undefined} */
		this._defaultOptionGroup = void 0;
	}
	/**
	* Copy settings that are useful to have in common across root command and subcommands.
	*
	* (Used internally when adding a command using `.command()` so subcommands inherit parent settings.)
	*
	* @param {Command} sourceCommand
	* @return {Command} `this` command for chaining
	*/
	copyInheritedSettings(sourceCommand) {
		this._outputConfiguration = sourceCommand._outputConfiguration;
		this._helpOption = sourceCommand._helpOption;
		this._helpCommand = sourceCommand._helpCommand;
		this._helpConfiguration = sourceCommand._helpConfiguration;
		this._exitCallback = sourceCommand._exitCallback;
		this._storeOptionsAsProperties = sourceCommand._storeOptionsAsProperties;
		this._combineFlagAndOptionalValue = sourceCommand._combineFlagAndOptionalValue;
		this._allowExcessArguments = sourceCommand._allowExcessArguments;
		this._enablePositionalOptions = sourceCommand._enablePositionalOptions;
		this._showHelpAfterError = sourceCommand._showHelpAfterError;
		this._showSuggestionAfterError = sourceCommand._showSuggestionAfterError;
		return this;
	}
	/**
	* @returns {Command[]}
	* @private
	*/
	_getCommandAndAncestors() {
		const result = [];
		for (let command = this; command; command = command.parent) result.push(command);
		return result;
	}
	/**
	* Define a command.
	*
	* There are two styles of command: pay attention to where to put the description.
	*
	* @example
	* // Command implemented using action handler (description is supplied separately to `.command`)
	* program
	*   .command('clone <source> [destination]')
	*   .description('clone a repository into a newly created directory')
	*   .action((source, destination) => {
	*     console.log('clone command called');
	*   });
	*
	* // Command implemented using separate executable file (description is second parameter to `.command`)
	* program
	*   .command('start <service>', 'start named service')
	*   .command('stop [service]', 'stop named service, or all if no name supplied');
	*
	* @param {string} nameAndArgs - command name and arguments, args are `<required>` or `[optional]` and last may also be `variadic...`
	* @param {(object | string)} [actionOptsOrExecDesc] - configuration options (for action), or description (for executable)
	* @param {object} [execOpts] - configuration options (for executable)
	* @return {Command} returns new command for action handler, or `this` for executable command
	*/
	command(nameAndArgs, actionOptsOrExecDesc, execOpts) {
		let desc = actionOptsOrExecDesc;
		let opts = execOpts;
		if (typeof desc === "object" && desc !== null) {
			opts = desc;
			desc = null;
		}
		opts = opts || {};
		const [, name, args] = nameAndArgs.match(/([^ ]+) *(.*)/);
		const cmd = this.createCommand(name);
		if (desc) {
			cmd.description(desc);
			cmd._executableHandler = true;
		}
		if (opts.isDefault) this._defaultCommandName = cmd._name;
		cmd._hidden = !!(opts.noHelp || opts.hidden);
		cmd._executableFile = opts.executableFile || null;
		if (args) cmd.arguments(args);
		this._registerCommand(cmd);
		cmd.parent = this;
		cmd.copyInheritedSettings(this);
		if (desc) return this;
		return cmd;
	}
	/**
	* Factory routine to create a new unattached command.
	*
	* See .command() for creating an attached subcommand, which uses this routine to
	* create the command. You can override createCommand to customise subcommands.
	*
	* @param {string} [name]
	* @return {Command} new command
	*/
	createCommand(name) {
		return new Command(name);
	}
	/**
	* You can customise the help with a subclass of Help by overriding createHelp,
	* or by overriding Help properties using configureHelp().
	*
	* @return {Help}
	*/
	createHelp() {
		return Object.assign(new Help(), this.configureHelp());
	}
	/**
	* You can customise the help by overriding Help properties using configureHelp(),
	* or with a subclass of Help by overriding createHelp().
	*
	* @param {object} [configuration] - configuration options
	* @return {(Command | object)} `this` command for chaining, or stored configuration
	*/
	configureHelp(configuration) {
		if (configuration === void 0) return this._helpConfiguration;
		this._helpConfiguration = configuration;
		return this;
	}
	/**
	* The default output goes to stdout and stderr. You can customise this for special
	* applications. You can also customise the display of errors by overriding outputError.
	*
	* The configuration properties are all functions:
	*
	*     // change how output being written, defaults to stdout and stderr
	*     writeOut(str)
	*     writeErr(str)
	*     // change how output being written for errors, defaults to writeErr
	*     outputError(str, write) // used for displaying errors and not used for displaying help
	*     // specify width for wrapping help
	*     getOutHelpWidth()
	*     getErrHelpWidth()
	*     // color support, currently only used with Help
	*     getOutHasColors()
	*     getErrHasColors()
	*     stripColor() // used to remove ANSI escape codes if output does not have colors
	*
	* @param {object} [configuration] - configuration options
	* @return {(Command | object)} `this` command for chaining, or stored configuration
	*/
	configureOutput(configuration) {
		if (configuration === void 0) return this._outputConfiguration;
		this._outputConfiguration = {
			...this._outputConfiguration,
			...configuration
		};
		return this;
	}
	/**
	* Display the help or a custom message after an error occurs.
	*
	* @param {(boolean|string)} [displayHelp]
	* @return {Command} `this` command for chaining
	*/
	showHelpAfterError(displayHelp = true) {
		if (typeof displayHelp !== "string") displayHelp = !!displayHelp;
		this._showHelpAfterError = displayHelp;
		return this;
	}
	/**
	* Display suggestion of similar commands for unknown commands, or options for unknown options.
	*
	* @param {boolean} [displaySuggestion]
	* @return {Command} `this` command for chaining
	*/
	showSuggestionAfterError(displaySuggestion = true) {
		this._showSuggestionAfterError = !!displaySuggestion;
		return this;
	}
	/**
	* Add a prepared subcommand.
	*
	* See .command() for creating an attached subcommand which inherits settings from its parent.
	*
	* @param {Command} cmd - new subcommand
	* @param {object} [opts] - configuration options
	* @return {Command} `this` command for chaining
	*/
	addCommand(cmd, opts) {
		if (!cmd._name) throw new Error(`Command passed to .addCommand() must have a name
- specify the name in Command constructor or using .name()`);
		opts = opts || {};
		if (opts.isDefault) this._defaultCommandName = cmd._name;
		if (opts.noHelp || opts.hidden) cmd._hidden = true;
		this._registerCommand(cmd);
		cmd.parent = this;
		cmd._checkForBrokenPassThrough();
		return this;
	}
	/**
	* Factory routine to create a new unattached argument.
	*
	* See .argument() for creating an attached argument, which uses this routine to
	* create the argument. You can override createArgument to return a custom argument.
	*
	* @param {string} name
	* @param {string} [description]
	* @return {Argument} new argument
	*/
	createArgument(name, description) {
		return new Argument(name, description);
	}
	/**
	* Define argument syntax for command.
	*
	* The default is that the argument is required, and you can explicitly
	* indicate this with <> around the name. Put [] around the name for an optional argument.
	*
	* @example
	* program.argument('<input-file>');
	* program.argument('[output-file]');
	*
	* @param {string} name
	* @param {string} [description]
	* @param {(Function|*)} [parseArg] - custom argument processing function or default value
	* @param {*} [defaultValue]
	* @return {Command} `this` command for chaining
	*/
	argument(name, description, parseArg, defaultValue) {
		const argument = this.createArgument(name, description);
		if (typeof parseArg === "function") argument.default(defaultValue).argParser(parseArg);
		else argument.default(parseArg);
		this.addArgument(argument);
		return this;
	}
	/**
	* Define argument syntax for command, adding multiple at once (without descriptions).
	*
	* See also .argument().
	*
	* @example
	* program.arguments('<cmd> [env]');
	*
	* @param {string} names
	* @return {Command} `this` command for chaining
	*/
	arguments(names) {
		names.trim().split(/ +/).forEach((detail) => {
			this.argument(detail);
		});
		return this;
	}
	/**
	* Define argument syntax for command, adding a prepared argument.
	*
	* @param {Argument} argument
	* @return {Command} `this` command for chaining
	*/
	addArgument(argument) {
		const previousArgument = this.registeredArguments.slice(-1)[0];
		if (previousArgument?.variadic) throw new Error(`only the last argument can be variadic '${previousArgument.name()}'`);
		if (argument.required && argument.defaultValue !== void 0 && argument.parseArg === void 0) throw new Error(`a default value for a required argument is never used: '${argument.name()}'`);
		this.registeredArguments.push(argument);
		return this;
	}
	/**
	* Customise or override default help command. By default a help command is automatically added if your command has subcommands.
	*
	* @example
	*    program.helpCommand('help [cmd]');
	*    program.helpCommand('help [cmd]', 'show help');
	*    program.helpCommand(false); // suppress default help command
	*    program.helpCommand(true); // add help command even if no subcommands
	*
	* @param {string|boolean} enableOrNameAndArgs - enable with custom name and/or arguments, or boolean to override whether added
	* @param {string} [description] - custom description
	* @return {Command} `this` command for chaining
	*/
	helpCommand(enableOrNameAndArgs, description) {
		if (typeof enableOrNameAndArgs === "boolean") {
			this._addImplicitHelpCommand = enableOrNameAndArgs;
			if (enableOrNameAndArgs && this._defaultCommandGroup) this._initCommandGroup(this._getHelpCommand());
			return this;
		}
		const [, helpName, helpArgs] = (enableOrNameAndArgs ?? "help [command]").match(/([^ ]+) *(.*)/);
		const helpDescription = description ?? "display help for command";
		const helpCommand = this.createCommand(helpName);
		helpCommand.helpOption(false);
		if (helpArgs) helpCommand.arguments(helpArgs);
		if (helpDescription) helpCommand.description(helpDescription);
		this._addImplicitHelpCommand = true;
		this._helpCommand = helpCommand;
		if (enableOrNameAndArgs || description) this._initCommandGroup(helpCommand);
		return this;
	}
	/**
	* Add prepared custom help command.
	*
	* @param {(Command|string|boolean)} helpCommand - custom help command, or deprecated enableOrNameAndArgs as for `.helpCommand()`
	* @param {string} [deprecatedDescription] - deprecated custom description used with custom name only
	* @return {Command} `this` command for chaining
	*/
	addHelpCommand(helpCommand, deprecatedDescription) {
		if (typeof helpCommand !== "object") {
			this.helpCommand(helpCommand, deprecatedDescription);
			return this;
		}
		this._addImplicitHelpCommand = true;
		this._helpCommand = helpCommand;
		this._initCommandGroup(helpCommand);
		return this;
	}
	/**
	* Lazy create help command.
	*
	* @return {(Command|null)}
	* @package
	*/
	_getHelpCommand() {
		if (this._addImplicitHelpCommand ?? (this.commands.length && !this._actionHandler && !this._findCommand("help"))) {
			if (this._helpCommand === void 0) this.helpCommand(void 0, void 0);
			return this._helpCommand;
		}
		return null;
	}
	/**
	* Add hook for life cycle event.
	*
	* @param {string} event
	* @param {Function} listener
	* @return {Command} `this` command for chaining
	*/
	hook(event, listener) {
		const allowedValues = [
			"preSubcommand",
			"preAction",
			"postAction"
		];
		if (!allowedValues.includes(event)) throw new Error(`Unexpected value for event passed to hook : '${event}'.
Expecting one of '${allowedValues.join("', '")}'`);
		if (this._lifeCycleHooks[event]) this._lifeCycleHooks[event].push(listener);
		else this._lifeCycleHooks[event] = [listener];
		return this;
	}
	/**
	* Register callback to use as replacement for calling process.exit.
	*
	* @param {Function} [fn] optional callback which will be passed a CommanderError, defaults to throwing
	* @return {Command} `this` command for chaining
	*/
	exitOverride(fn) {
		if (fn) this._exitCallback = fn;
		else this._exitCallback = (err) => {
			if (err.code !== "commander.executeSubCommandAsync") throw err;
		};
		return this;
	}
	/**
	* Call process.exit, and _exitCallback if defined.
	*
	* @param {number} exitCode exit code for using with process.exit
	* @param {string} code an id string representing the error
	* @param {string} message human-readable description of the error
	* @return never
	* @private
	*/
	_exit(exitCode, code, message) {
		if (this._exitCallback) this._exitCallback(new CommanderError(exitCode, code, message));
		process.exit(exitCode);
	}
	/**
	* Register callback `fn` for the command.
	*
	* @example
	* program
	*   .command('serve')
	*   .description('start service')
	*   .action(function() {
	*      // do work here
	*   });
	*
	* @param {Function} fn
	* @return {Command} `this` command for chaining
	*/
	action(fn) {
		const listener = (args) => {
			const expectedArgsCount = this.registeredArguments.length;
			const actionArgs = args.slice(0, expectedArgsCount);
			if (this._storeOptionsAsProperties) actionArgs[expectedArgsCount] = this;
			else actionArgs[expectedArgsCount] = this.opts();
			actionArgs.push(this);
			return fn.apply(this, actionArgs);
		};
		this._actionHandler = listener;
		return this;
	}
	/**
	* Factory routine to create a new unattached option.
	*
	* See .option() for creating an attached option, which uses this routine to
	* create the option. You can override createOption to return a custom option.
	*
	* @param {string} flags
	* @param {string} [description]
	* @return {Option} new option
	*/
	createOption(flags, description) {
		return new Option(flags, description);
	}
	/**
	* Wrap parseArgs to catch 'commander.invalidArgument'.
	*
	* @param {(Option | Argument)} target
	* @param {string} value
	* @param {*} previous
	* @param {string} invalidArgumentMessage
	* @private
	*/
	_callParseArg(target, value, previous, invalidArgumentMessage) {
		try {
			return target.parseArg(value, previous);
		} catch (err) {
			if (err.code === "commander.invalidArgument") {
				const message = `${invalidArgumentMessage} ${err.message}`;
				this.error(message, {
					exitCode: err.exitCode,
					code: err.code
				});
			}
			throw err;
		}
	}
	/**
	* Check for option flag conflicts.
	* Register option if no conflicts found, or throw on conflict.
	*
	* @param {Option} option
	* @private
	*/
	_registerOption(option) {
		const matchingOption = option.short && this._findOption(option.short) || option.long && this._findOption(option.long);
		if (matchingOption) {
			const matchingFlag = option.long && this._findOption(option.long) ? option.long : option.short;
			throw new Error(`Cannot add option '${option.flags}'${this._name && ` to command '${this._name}'`} due to conflicting flag '${matchingFlag}'
-  already used by option '${matchingOption.flags}'`);
		}
		this._initOptionGroup(option);
		this.options.push(option);
	}
	/**
	* Check for command name and alias conflicts with existing commands.
	* Register command if no conflicts found, or throw on conflict.
	*
	* @param {Command} command
	* @private
	*/
	_registerCommand(command) {
		const knownBy = (cmd) => {
			return [cmd.name()].concat(cmd.aliases());
		};
		const alreadyUsed = knownBy(command).find((name) => this._findCommand(name));
		if (alreadyUsed) {
			const existingCmd = knownBy(this._findCommand(alreadyUsed)).join("|");
			const newCmd = knownBy(command).join("|");
			throw new Error(`cannot add command '${newCmd}' as already have command '${existingCmd}'`);
		}
		this._initCommandGroup(command);
		this.commands.push(command);
	}
	/**
	* Add an option.
	*
	* @param {Option} option
	* @return {Command} `this` command for chaining
	*/
	addOption(option) {
		this._registerOption(option);
		const oname = option.name();
		const name = option.attributeName();
		if (option.defaultValue !== void 0) this.setOptionValueWithSource(name, option.defaultValue, "default");
		const handleOptionValue = (val, invalidValueMessage, valueSource) => {
			if (val == null && option.presetArg !== void 0) val = option.presetArg;
			const oldValue = this.getOptionValue(name);
			if (val !== null && option.parseArg) val = this._callParseArg(option, val, oldValue, invalidValueMessage);
			else if (val !== null && option.variadic) val = option._collectValue(val, oldValue);
			if (val == null) {
				if (option.negate) val = false;
				else if (option.isBoolean() || option.optional) val = true;
				else val = "";
			}
			this.setOptionValueWithSource(name, val, valueSource);
		};
		this.on("option:" + oname, (val) => {
			const invalidValueMessage = `error: option '${option.flags}' argument '${val}' is invalid.`;
			handleOptionValue(val, invalidValueMessage, "cli");
		});
		if (option.envVar) this.on("optionEnv:" + oname, (val) => {
			const invalidValueMessage = `error: option '${option.flags}' value '${val}' from env '${option.envVar}' is invalid.`;
			handleOptionValue(val, invalidValueMessage, "env");
		});
		return this;
	}
	/**
	* Internal implementation shared by .option() and .requiredOption()
	*
	* @return {Command} `this` command for chaining
	* @private
	*/
	_optionEx(config, flags, description, fn, defaultValue) {
		if (typeof flags === "object" && flags instanceof Option) throw new Error("To add an Option object use addOption() instead of option() or requiredOption()");
		const option = this.createOption(flags, description);
		option.makeOptionMandatory(!!config.mandatory);
		if (typeof fn === "function") option.default(defaultValue).argParser(fn);
		else if (fn instanceof RegExp) {
			const regex = fn;
			fn = (val, def) => {
				const m = regex.exec(val);
				return m ? m[0] : def;
			};
			option.default(defaultValue).argParser(fn);
		} else option.default(fn);
		return this.addOption(option);
	}
	/**
	* Define option with `flags`, `description`, and optional argument parsing function or `defaultValue` or both.
	*
	* The `flags` string contains the short and/or long flags, separated by comma, a pipe or space. A required
	* option-argument is indicated by `<>` and an optional option-argument by `[]`.
	*
	* See the README for more details, and see also addOption() and requiredOption().
	*
	* @example
	* program
	*     .option('-p, --pepper', 'add pepper')
	*     .option('--pt, --pizza-type <TYPE>', 'type of pizza') // required option-argument
	*     .option('-c, --cheese [CHEESE]', 'add extra cheese', 'mozzarella') // optional option-argument with default
	*     .option('-t, --tip <VALUE>', 'add tip to purchase cost', parseFloat) // custom parse function
	*
	* @param {string} flags
	* @param {string} [description]
	* @param {(Function|*)} [parseArg] - custom option processing function or default value
	* @param {*} [defaultValue]
	* @return {Command} `this` command for chaining
	*/
	option(flags, description, parseArg, defaultValue) {
		return this._optionEx({}, flags, description, parseArg, defaultValue);
	}
	/**
	* Add a required option which must have a value after parsing. This usually means
	* the option must be specified on the command line. (Otherwise the same as .option().)
	*
	* The `flags` string contains the short and/or long flags, separated by comma, a pipe or space.
	*
	* @param {string} flags
	* @param {string} [description]
	* @param {(Function|*)} [parseArg] - custom option processing function or default value
	* @param {*} [defaultValue]
	* @return {Command} `this` command for chaining
	*/
	requiredOption(flags, description, parseArg, defaultValue) {
		return this._optionEx({ mandatory: true }, flags, description, parseArg, defaultValue);
	}
	/**
	* Alter parsing of short flags with optional values.
	*
	* @example
	* // for `.option('-f,--flag [value]'):
	* program.combineFlagAndOptionalValue(true);  // `-f80` is treated like `--flag=80`, this is the default behaviour
	* program.combineFlagAndOptionalValue(false) // `-fb` is treated like `-f -b`
	*
	* @param {boolean} [combine] - if `true` or omitted, an optional value can be specified directly after the flag.
	* @return {Command} `this` command for chaining
	*/
	combineFlagAndOptionalValue(combine = true) {
		this._combineFlagAndOptionalValue = !!combine;
		return this;
	}
	/**
	* Allow unknown options on the command line.
	*
	* @param {boolean} [allowUnknown] - if `true` or omitted, no error will be thrown for unknown options.
	* @return {Command} `this` command for chaining
	*/
	allowUnknownOption(allowUnknown = true) {
		this._allowUnknownOption = !!allowUnknown;
		return this;
	}
	/**
	* Allow excess command-arguments on the command line. Pass false to make excess arguments an error.
	*
	* @param {boolean} [allowExcess] - if `true` or omitted, no error will be thrown for excess arguments.
	* @return {Command} `this` command for chaining
	*/
	allowExcessArguments(allowExcess = true) {
		this._allowExcessArguments = !!allowExcess;
		return this;
	}
	/**
	* Enable positional options. Positional means global options are specified before subcommands which lets
	* subcommands reuse the same option names, and also enables subcommands to turn on passThroughOptions.
	* The default behaviour is non-positional and global options may appear anywhere on the command line.
	*
	* @param {boolean} [positional]
	* @return {Command} `this` command for chaining
	*/
	enablePositionalOptions(positional = true) {
		this._enablePositionalOptions = !!positional;
		return this;
	}
	/**
	* Pass through options that come after command-arguments rather than treat them as command-options,
	* so actual command-options come before command-arguments. Turning this on for a subcommand requires
	* positional options to have been enabled on the program (parent commands).
	* The default behaviour is non-positional and options may appear before or after command-arguments.
	*
	* @param {boolean} [passThrough] for unknown options.
	* @return {Command} `this` command for chaining
	*/
	passThroughOptions(passThrough = true) {
		this._passThroughOptions = !!passThrough;
		this._checkForBrokenPassThrough();
		return this;
	}
	/**
	* @private
	*/
	_checkForBrokenPassThrough() {
		if (this.parent && this._passThroughOptions && !this.parent._enablePositionalOptions) throw new Error(`passThroughOptions cannot be used for '${this._name}' without turning on enablePositionalOptions for parent command(s)`);
	}
	/**
	* Whether to store option values as properties on command object,
	* or store separately (specify false). In both cases the option values can be accessed using .opts().
	*
	* @param {boolean} [storeAsProperties=true]
	* @return {Command} `this` command for chaining
	*/
	storeOptionsAsProperties(storeAsProperties = true) {
		if (this.options.length) throw new Error("call .storeOptionsAsProperties() before adding options");
		if (Object.keys(this._optionValues).length) throw new Error("call .storeOptionsAsProperties() before setting option values");
		this._storeOptionsAsProperties = !!storeAsProperties;
		return this;
	}
	/**
	* Retrieve option value.
	*
	* @param {string} key
	* @return {object} value
	*/
	getOptionValue(key) {
		if (this._storeOptionsAsProperties) return this[key];
		return this._optionValues[key];
	}
	/**
	* Store option value.
	*
	* @param {string} key
	* @param {object} value
	* @return {Command} `this` command for chaining
	*/
	setOptionValue(key, value) {
		return this.setOptionValueWithSource(key, value, void 0);
	}
	/**
	* Store option value and where the value came from.
	*
	* @param {string} key
	* @param {object} value
	* @param {string} source - expected values are default/config/env/cli/implied
	* @return {Command} `this` command for chaining
	*/
	setOptionValueWithSource(key, value, source) {
		if (this._storeOptionsAsProperties) this[key] = value;
		else this._optionValues[key] = value;
		this._optionValueSources[key] = source;
		return this;
	}
	/**
	* Get source of option value.
	* Expected values are default | config | env | cli | implied
	*
	* @param {string} key
	* @return {string}
	*/
	getOptionValueSource(key) {
		return this._optionValueSources[key];
	}
	/**
	* Get source of option value. See also .optsWithGlobals().
	* Expected values are default | config | env | cli | implied
	*
	* @param {string} key
	* @return {string}
	*/
	getOptionValueSourceWithGlobals(key) {
		let source;
		this._getCommandAndAncestors().forEach((cmd) => {
			if (Object.hasOwn(cmd._optionValueSources, key)) source = cmd.getOptionValueSource(key);
		});
		return source;
	}
	/**
	* Get user arguments from implied or explicit arguments.
	* Side-effects: set _scriptPath if args included script. Used for default program name, and subcommand searches.
	*
	* @private
	*/
	_prepareUserArgs(argv, parseOptions) {
		if (argv !== void 0 && !Array.isArray(argv)) throw new Error("first parameter to parse must be array or undefined");
		parseOptions = parseOptions || {};
		if (argv === void 0 && parseOptions.from === void 0) {
			if (process.versions?.electron) parseOptions.from = "electron";
			const execArgv = process.execArgv ?? [];
			if (execArgv.includes("-e") || execArgv.includes("--eval") || execArgv.includes("-p") || execArgv.includes("--print")) parseOptions.from = "eval";
		}
		if (argv === void 0) argv = process.argv;
		this.rawArgs = argv.slice();
		let userArgs;
		switch (parseOptions.from) {
			case void 0:
			case "node":
				this._scriptPath = argv[1];
				userArgs = argv.slice(2);
				break;
			case "electron":
				if (process.defaultApp) {
					this._scriptPath = argv[1];
					userArgs = argv.slice(2);
				} else userArgs = argv.slice(1);
				break;
			case "user":
				userArgs = argv.slice(0);
				break;
			case "eval":
				userArgs = argv.slice(1);
				break;
			default: throw new Error(`unexpected parse option { from: '${parseOptions.from}' }`);
		}
		if (!this._name && this._scriptPath) this.nameFromFilename(this._scriptPath);
		this._name = this._name || "program";
		return userArgs;
	}
	/**
	* Parse `argv`, setting options and invoking commands when defined.
	*
	* Use parseAsync instead of parse if any of your action handlers are async.
	*
	* Call with no parameters to parse `process.argv`. Detects Electron and special node options like `node --eval`. Easy mode!
	*
	* Or call with an array of strings to parse, and optionally where the user arguments start by specifying where the arguments are `from`:
	* - `'node'`: default, `argv[0]` is the application and `argv[1]` is the script being run, with user arguments after that
	* - `'electron'`: `argv[0]` is the application and `argv[1]` varies depending on whether the electron application is packaged
	* - `'user'`: just user arguments
	*
	* @example
	* program.parse(); // parse process.argv and auto-detect electron and special node flags
	* program.parse(process.argv); // assume argv[0] is app and argv[1] is script
	* program.parse(my-args, { from: 'user' }); // just user supplied arguments, nothing special about argv[0]
	*
	* @param {string[]} [argv] - optional, defaults to process.argv
	* @param {object} [parseOptions] - optionally specify style of options with from: node/user/electron
	* @param {string} [parseOptions.from] - where the args are from: 'node', 'user', 'electron'
	* @return {Command} `this` command for chaining
	*/
	parse(argv, parseOptions) {
		this._prepareForParse();
		const userArgs = this._prepareUserArgs(argv, parseOptions);
		this._parseCommand([], userArgs);
		return this;
	}
	/**
	* Parse `argv`, setting options and invoking commands when defined.
	*
	* Call with no parameters to parse `process.argv`. Detects Electron and special node options like `node --eval`. Easy mode!
	*
	* Or call with an array of strings to parse, and optionally where the user arguments start by specifying where the arguments are `from`:
	* - `'node'`: default, `argv[0]` is the application and `argv[1]` is the script being run, with user arguments after that
	* - `'electron'`: `argv[0]` is the application and `argv[1]` varies depending on whether the electron application is packaged
	* - `'user'`: just user arguments
	*
	* @example
	* await program.parseAsync(); // parse process.argv and auto-detect electron and special node flags
	* await program.parseAsync(process.argv); // assume argv[0] is app and argv[1] is script
	* await program.parseAsync(my-args, { from: 'user' }); // just user supplied arguments, nothing special about argv[0]
	*
	* @param {string[]} [argv]
	* @param {object} [parseOptions]
	* @param {string} parseOptions.from - where the args are from: 'node', 'user', 'electron'
	* @return {Promise}
	*/
	async parseAsync(argv, parseOptions) {
		this._prepareForParse();
		const userArgs = this._prepareUserArgs(argv, parseOptions);
		await this._parseCommand([], userArgs);
		return this;
	}
	_prepareForParse() {
		if (this._savedState === null) {
			this.options.filter((option) => option.negate && option.defaultValue === void 0 && this.getOptionValue(option.attributeName()) === void 0).forEach((option) => {
				const positiveLongFlag = option.long.replace(/^--no-/, "--");
				if (!this._findOption(positiveLongFlag)) this.setOptionValueWithSource(option.attributeName(), true, "default");
			});
			this.saveStateBeforeParse();
		} else this.restoreStateBeforeParse();
	}
	/**
	* Called the first time parse is called to save state and allow a restore before subsequent calls to parse.
	* Not usually called directly, but available for subclasses to save their custom state.
	*
	* This is called in a lazy way. Only commands used in parsing chain will have state saved.
	*/
	saveStateBeforeParse() {
		this._savedState = {
			_name: this._name,
			_optionValues: { ...this._optionValues },
			_optionValueSources: { ...this._optionValueSources }
		};
	}
	/**
	* Restore state before parse for calls after the first.
	* Not usually called directly, but available for subclasses to save their custom state.
	*
	* This is called in a lazy way. Only commands used in parsing chain will have state restored.
	*/
	restoreStateBeforeParse() {
		if (this._storeOptionsAsProperties) throw new Error(`Can not call parse again when storeOptionsAsProperties is true.
- either make a new Command for each call to parse, or stop storing options as properties`);
		this._name = this._savedState._name;
		this._scriptPath = null;
		this.rawArgs = [];
		this._optionValues = { ...this._savedState._optionValues };
		this._optionValueSources = { ...this._savedState._optionValueSources };
		this.args = [];
		this.processedArgs = [];
	}
	/**
	* Throw if expected executable is missing. Add lots of help for author.
	*
	* @param {string} executableFile
	* @param {string} executableDir
	* @param {string} subcommandName
	*/
	_checkForMissingExecutable(executableFile, executableDir, subcommandName) {
		if (fs.existsSync(executableFile)) return;
		const executableMissing = `'${executableFile}' does not exist
 - if '${subcommandName}' is not meant to be an executable command, remove description parameter from '.command()' and use '.description()' instead
 - if the default executable name is not suitable, use the executableFile option to supply a custom name or path
 - ${executableDir ? `searched for local subcommand relative to directory '${executableDir}'` : "no directory for search for local subcommand, use .executableDir() to supply a custom directory"}`;
		throw new Error(executableMissing);
	}
	/**
	* Execute a sub-command executable.
	*
	* @private
	*/
	_executeSubCommand(subcommand, args) {
		args = args.slice();
		const sourceExt = [
			".js",
			".ts",
			".tsx",
			".mjs",
			".cjs"
		];
		function findFile(baseDir, baseName) {
			const localBin = path.resolve(baseDir, baseName);
			if (fs.existsSync(localBin)) return localBin;
			if (sourceExt.includes(path.extname(baseName))) return void 0;
			const foundExt = sourceExt.find((ext) => fs.existsSync(`${localBin}${ext}`));
			if (foundExt) return `${localBin}${foundExt}`;
		}
		this._checkForMissingMandatoryOptions();
		this._checkForConflictingOptions();
		let executableFile = subcommand._executableFile || `${this._name}-${subcommand._name}`;
		let executableDir = this._executableDir || "";
		if (this._scriptPath) {
			let resolvedScriptPath;
			try {
				resolvedScriptPath = fs.realpathSync(this._scriptPath);
			} catch {
				resolvedScriptPath = this._scriptPath;
			}
			executableDir = path.resolve(path.dirname(resolvedScriptPath), executableDir);
		}
		if (executableDir) {
			let localFile = findFile(executableDir, executableFile);
			if (!localFile && !subcommand._executableFile && this._scriptPath) {
				const legacyName = path.basename(this._scriptPath, path.extname(this._scriptPath));
				if (legacyName !== this._name) localFile = findFile(executableDir, `${legacyName}-${subcommand._name}`);
			}
			executableFile = localFile || executableFile;
		}
		const launchWithNode = sourceExt.includes(path.extname(executableFile));
		let proc;
		if (process.platform !== "win32") {
			if (launchWithNode) {
				args.unshift(executableFile);
				args = incrementNodeInspectorPort(process.execArgv).concat(args);
				proc = childProcess.spawn(process.argv[0], args, { stdio: "inherit" });
			} else proc = childProcess.spawn(executableFile, args, { stdio: "inherit" });
		} else {
			this._checkForMissingExecutable(executableFile, executableDir, subcommand._name);
			args.unshift(executableFile);
			args = incrementNodeInspectorPort(process.execArgv).concat(args);
			proc = childProcess.spawn(process.execPath, args, { stdio: "inherit" });
		}
		if (!proc.killed) [
			"SIGUSR1",
			"SIGUSR2",
			"SIGTERM",
			"SIGINT",
			"SIGHUP"
		].forEach((signal) => {
			process.on(signal, () => {
				if (proc.killed === false && proc.exitCode === null) proc.kill(signal);
			});
		});
		const exitCallback = this._exitCallback;
		proc.on("close", (code) => {
			code = code ?? 1;
			if (!exitCallback) process.exit(code);
			else exitCallback(new CommanderError(code, "commander.executeSubCommandAsync", "(close)"));
		});
		proc.on("error", (err) => {
			if (err.code === "ENOENT") this._checkForMissingExecutable(executableFile, executableDir, subcommand._name);
			else if (err.code === "EACCES") throw new Error(`'${executableFile}' not executable`);
			if (!exitCallback) process.exit(1);
			else {
				const wrappedError = new CommanderError(1, "commander.executeSubCommandAsync", "(error)");
				wrappedError.nestedError = err;
				exitCallback(wrappedError);
			}
		});
		this.runningCommand = proc;
	}
	/**
	* @private
	*/
	_dispatchSubcommand(commandName, operands, unknown) {
		const subCommand = this._findCommand(commandName);
		if (!subCommand) this.help({ error: true });
		subCommand._prepareForParse();
		let promiseChain;
		promiseChain = this._chainOrCallSubCommandHook(promiseChain, subCommand, "preSubcommand");
		promiseChain = this._chainOrCall(promiseChain, () => {
			if (subCommand._executableHandler) this._executeSubCommand(subCommand, operands.concat(unknown));
			else return subCommand._parseCommand(operands, unknown);
		});
		return promiseChain;
	}
	/**
	* Invoke help directly if possible, or dispatch if necessary.
	* e.g. help foo
	*
	* @private
	*/
	_dispatchHelpCommand(subcommandName) {
		if (!subcommandName) this.help();
		const subCommand = this._findCommand(subcommandName);
		if (subCommand && !subCommand._executableHandler) subCommand.help();
		return this._dispatchSubcommand(subcommandName, [], [this._getHelpOption()?.long ?? this._getHelpOption()?.short ?? "--help"]);
	}
	/**
	* Check this.args against expected this.registeredArguments.
	*
	* @private
	*/
	_checkNumberOfArguments() {
		this.registeredArguments.forEach((arg, i) => {
			if (arg.required && this.args[i] == null) this.missingArgument(arg.name());
		});
		if (this.registeredArguments.length > 0 && this.registeredArguments[this.registeredArguments.length - 1].variadic) return;
		if (this.args.length > this.registeredArguments.length) this._excessArguments(this.args);
	}
	/**
	* Process this.args using this.registeredArguments and save as this.processedArgs!
	*
	* @private
	*/
	_processArguments() {
		const myParseArg = (argument, value, previous) => {
			let parsedValue = value;
			if (value !== null && argument.parseArg) {
				const invalidValueMessage = `error: command-argument value '${value}' is invalid for argument '${argument.name()}'.`;
				parsedValue = this._callParseArg(argument, value, previous, invalidValueMessage);
			}
			return parsedValue;
		};
		this._checkNumberOfArguments();
		const processedArgs = [];
		this.registeredArguments.forEach((declaredArg, index) => {
			let value = declaredArg.defaultValue;
			if (declaredArg.variadic) {
				if (index < this.args.length) {
					value = this.args.slice(index);
					if (declaredArg.parseArg) value = value.reduce((processed, v) => {
						return myParseArg(declaredArg, v, processed);
					}, declaredArg.defaultValue);
				} else if (value === void 0) value = [];
			} else if (index < this.args.length) {
				value = this.args[index];
				if (declaredArg.parseArg) value = myParseArg(declaredArg, value, declaredArg.defaultValue);
			}
			processedArgs[index] = value;
		});
		this.processedArgs = processedArgs;
	}
	/**
	* Once we have a promise we chain, but call synchronously until then.
	*
	* @param {(Promise|undefined)} promise
	* @param {Function} fn
	* @return {(Promise|undefined)}
	* @private
	*/
	_chainOrCall(promise, fn) {
		if (promise?.then && typeof promise.then === "function") return promise.then(() => fn());
		return fn();
	}
	/**
	*
	* @param {(Promise|undefined)} promise
	* @param {string} event
	* @return {(Promise|undefined)}
	* @private
	*/
	_chainOrCallHooks(promise, event) {
		let result = promise;
		const hooks = [];
		this._getCommandAndAncestors().reverse().filter((cmd) => cmd._lifeCycleHooks[event] !== void 0).forEach((hookedCommand) => {
			hookedCommand._lifeCycleHooks[event].forEach((callback) => {
				hooks.push({
					hookedCommand,
					callback
				});
			});
		});
		if (event === "postAction") hooks.reverse();
		hooks.forEach((hookDetail) => {
			result = this._chainOrCall(result, () => {
				return hookDetail.callback(hookDetail.hookedCommand, this);
			});
		});
		return result;
	}
	/**
	*
	* @param {(Promise|undefined)} promise
	* @param {Command} subCommand
	* @param {string} event
	* @return {(Promise|undefined)}
	* @private
	*/
	_chainOrCallSubCommandHook(promise, subCommand, event) {
		let result = promise;
		if (this._lifeCycleHooks[event] !== void 0) this._lifeCycleHooks[event].forEach((hook) => {
			result = this._chainOrCall(result, () => {
				return hook(this, subCommand);
			});
		});
		return result;
	}
	/**
	* Process arguments in context of this command.
	* Returns action result, in case it is a promise.
	*
	* @private
	*/
	_parseCommand(operands, unknown) {
		const parsed = this.parseOptions(unknown);
		this._parseOptionsEnv();
		this._parseOptionsImplied();
		operands = operands.concat(parsed.operands);
		unknown = parsed.unknown;
		this.args = operands.concat(unknown);
		if (operands && this._findCommand(operands[0])) return this._dispatchSubcommand(operands[0], operands.slice(1), unknown);
		if (this._getHelpCommand() && operands[0] === this._getHelpCommand().name()) return this._dispatchHelpCommand(operands[1]);
		if (this._defaultCommandName) {
			this._outputHelpIfRequested(unknown);
			return this._dispatchSubcommand(this._defaultCommandName, operands, unknown);
		}
		if (this.commands.length && this.args.length === 0 && !this._actionHandler && !this._defaultCommandName) this.help({ error: true });
		this._outputHelpIfRequested(parsed.unknown);
		this._checkForMissingMandatoryOptions();
		this._checkForConflictingOptions();
		const checkForUnknownOptions = () => {
			if (parsed.unknown.length > 0) this.unknownOption(parsed.unknown[0]);
		};
		const commandEvent = `command:${this.name()}`;
		if (this._actionHandler) {
			checkForUnknownOptions();
			this._processArguments();
			let promiseChain;
			promiseChain = this._chainOrCallHooks(promiseChain, "preAction");
			promiseChain = this._chainOrCall(promiseChain, () => this._actionHandler(this.processedArgs));
			if (this.parent) promiseChain = this._chainOrCall(promiseChain, () => {
				this.parent.emit(commandEvent, operands, unknown);
			});
			promiseChain = this._chainOrCallHooks(promiseChain, "postAction");
			return promiseChain;
		}
		if (this.parent?.listenerCount(commandEvent)) {
			checkForUnknownOptions();
			this._processArguments();
			this.parent.emit(commandEvent, operands, unknown);
		} else if (operands.length) {
			if (this._findCommand("*")) return this._dispatchSubcommand("*", operands, unknown);
			if (this.listenerCount("command:*")) this.emit("command:*", operands, unknown);
			else if (this.commands.length) this.unknownCommand();
			else {
				checkForUnknownOptions();
				this._processArguments();
			}
		} else if (this.commands.length) {
			checkForUnknownOptions();
			this.help({ error: true });
		} else {
			checkForUnknownOptions();
			this._processArguments();
		}
	}
	/**
	* Find matching command.
	*
	* @private
	* @return {Command | undefined}
	*/
	_findCommand(name) {
		if (!name) return void 0;
		return this.commands.find((cmd) => cmd._name === name || cmd._aliases.includes(name));
	}
	/**
	* Return an option matching `arg` if any.
	*
	* @param {string} arg
	* @return {Option}
	* @package
	*/
	_findOption(arg) {
		return this.options.find((option) => option.is(arg));
	}
	/**
	* Display an error message if a mandatory option does not have a value.
	* Called after checking for help flags in leaf subcommand.
	*
	* @private
	*/
	_checkForMissingMandatoryOptions() {
		this._getCommandAndAncestors().forEach((cmd) => {
			cmd.options.forEach((anOption) => {
				if (anOption.mandatory && cmd.getOptionValue(anOption.attributeName()) === void 0) cmd.missingMandatoryOptionValue(anOption);
			});
		});
	}
	/**
	* Display an error message if conflicting options are used together in this.
	*
	* @private
	*/
	_checkForConflictingLocalOptions() {
		const definedNonDefaultOptions = this.options.filter((option) => {
			const optionKey = option.attributeName();
			if (this.getOptionValue(optionKey) === void 0) return false;
			return this.getOptionValueSource(optionKey) !== "default";
		});
		definedNonDefaultOptions.filter((option) => option.conflictsWith.length > 0).forEach((option) => {
			const conflictingAndDefined = definedNonDefaultOptions.find((defined) => option.conflictsWith.includes(defined.attributeName()));
			if (conflictingAndDefined) this._conflictingOption(option, conflictingAndDefined);
		});
	}
	/**
	* Display an error message if conflicting options are used together.
	* Called after checking for help flags in leaf subcommand.
	*
	* @private
	*/
	_checkForConflictingOptions() {
		this._getCommandAndAncestors().forEach((cmd) => {
			cmd._checkForConflictingLocalOptions();
		});
	}
	/**
	* Parse options from `argv` removing known options,
	* and return argv split into operands and unknown arguments.
	*
	* Side effects: modifies command by storing options. Does not reset state if called again.
	*
	* Examples:
	*
	*     argv => operands, unknown
	*     --known kkk op => [op], []
	*     op --known kkk => [op], []
	*     sub --unknown uuu op => [sub], [--unknown uuu op]
	*     sub -- --unknown uuu op => [sub --unknown uuu op], []
	*
	* @param {string[]} args
	* @return {{operands: string[], unknown: string[]}}
	*/
	parseOptions(args) {
		const operands = [];
		const unknown = [];
		let dest = operands;
		function maybeOption(arg) {
			return arg.length > 1 && arg[0] === "-";
		}
		const negativeNumberArg = (arg) => {
			if (!/^-(\d+|\d*\.\d+)([eE][+-]?\d+)?$/.test(arg)) return false;
			return !this._getCommandAndAncestors().some((cmd) => cmd.options.map((opt) => opt.short).some((short) => /^-\d$/.test(short)));
		};
		let activeVariadicOption = null;
		let activeGroup = null;
		let i = 0;
		while (i < args.length || activeGroup) {
			const arg = activeGroup ?? args[i++];
			activeGroup = null;
			if (arg === "--") {
				if (dest === unknown) dest.push(arg);
				dest.push(...args.slice(i));
				break;
			}
			if (activeVariadicOption && (!maybeOption(arg) || negativeNumberArg(arg))) {
				this.emit(`option:${activeVariadicOption.name()}`, arg);
				continue;
			}
			activeVariadicOption = null;
			if (maybeOption(arg)) {
				const option = this._findOption(arg);
				if (option) {
					if (option.required) {
						const value = args[i++];
						if (value === void 0) this.optionMissingArgument(option);
						this.emit(`option:${option.name()}`, value);
					} else if (option.optional) {
						let value = null;
						if (i < args.length && (!maybeOption(args[i]) || negativeNumberArg(args[i]))) value = args[i++];
						this.emit(`option:${option.name()}`, value);
					} else this.emit(`option:${option.name()}`);
					activeVariadicOption = option.variadic ? option : null;
					continue;
				}
			}
			if (arg.length > 2 && arg[0] === "-" && arg[1] !== "-") {
				const option = this._findOption(`-${arg[1]}`);
				if (option) {
					if (option.required || option.optional && this._combineFlagAndOptionalValue) this.emit(`option:${option.name()}`, arg.slice(2));
					else {
						this.emit(`option:${option.name()}`);
						activeGroup = `-${arg.slice(2)}`;
					}
					continue;
				}
			}
			if (/^--[^=]+=/.test(arg)) {
				const index = arg.indexOf("=");
				const option = this._findOption(arg.slice(0, index));
				if (option && (option.required || option.optional)) {
					this.emit(`option:${option.name()}`, arg.slice(index + 1));
					continue;
				}
			}
			if (dest === operands && maybeOption(arg) && !(this.commands.length === 0 && negativeNumberArg(arg))) dest = unknown;
			if ((this._enablePositionalOptions || this._passThroughOptions) && operands.length === 0 && unknown.length === 0) {
				if (this._findCommand(arg)) {
					operands.push(arg);
					unknown.push(...args.slice(i));
					break;
				} else if (this._getHelpCommand() && arg === this._getHelpCommand().name()) {
					operands.push(arg, ...args.slice(i));
					break;
				} else if (this._defaultCommandName) {
					unknown.push(arg, ...args.slice(i));
					break;
				}
			}
			if (this._passThroughOptions) {
				dest.push(arg, ...args.slice(i));
				break;
			}
			dest.push(arg);
		}
		return {
			operands,
			unknown
		};
	}
	/**
	* Return an object containing local option values as key-value pairs.
	*
	* @return {object}
	*/
	opts() {
		if (this._storeOptionsAsProperties) {
			const result = {};
			const len = this.options.length;
			for (let i = 0; i < len; i++) {
				const key = this.options[i].attributeName();
				result[key] = key === this._versionOptionName ? this._version : this[key];
			}
			return result;
		}
		return this._optionValues;
	}
	/**
	* Return an object containing merged local and global option values as key-value pairs.
	*
	* @return {object}
	*/
	optsWithGlobals() {
		return this._getCommandAndAncestors().reduce((combinedOptions, cmd) => Object.assign(combinedOptions, cmd.opts()), {});
	}
	/**
	* Display error message and exit (or call exitOverride).
	*
	* @param {string} message
	* @param {object} [errorOptions]
	* @param {string} [errorOptions.code] - an id string representing the error
	* @param {number} [errorOptions.exitCode] - used with process.exit
	*/
	error(message, errorOptions) {
		this._outputConfiguration.outputError(`${message}\n`, this._outputConfiguration.writeErr);
		if (typeof this._showHelpAfterError === "string") this._outputConfiguration.writeErr(`${this._showHelpAfterError}\n`);
		else if (this._showHelpAfterError) {
			this._outputConfiguration.writeErr("\n");
			this.outputHelp({ error: true });
		}
		const config = errorOptions || {};
		const exitCode = config.exitCode || 1;
		const code = config.code || "commander.error";
		this._exit(exitCode, code, message);
	}
	/**
	* Apply any option related environment variables, if option does
	* not have a value from cli or client code.
	*
	* @private
	*/
	_parseOptionsEnv() {
		this.options.forEach((option) => {
			if (option.envVar && option.envVar in process.env) {
				const optionKey = option.attributeName();
				if (this.getOptionValue(optionKey) === void 0 || [
					"default",
					"config",
					"env"
				].includes(this.getOptionValueSource(optionKey))) {
					if (option.required || option.optional) this.emit(`optionEnv:${option.name()}`, process.env[option.envVar]);
					else this.emit(`optionEnv:${option.name()}`);
				}
			}
		});
	}
	/**
	* Apply any implied option values, if option is undefined or default value.
	*
	* @private
	*/
	_parseOptionsImplied() {
		const dualHelper = new DualOptions(this.options);
		const hasCustomOptionValue = (optionKey) => {
			return this.getOptionValue(optionKey) !== void 0 && !["default", "implied"].includes(this.getOptionValueSource(optionKey));
		};
		this.options.filter((option) => option.implied !== void 0 && hasCustomOptionValue(option.attributeName()) && dualHelper.valueFromOption(this.getOptionValue(option.attributeName()), option)).forEach((option) => {
			Object.keys(option.implied).filter((impliedKey) => !hasCustomOptionValue(impliedKey)).forEach((impliedKey) => {
				this.setOptionValueWithSource(impliedKey, option.implied[impliedKey], "implied");
			});
		});
	}
	/**
	* Argument `name` is missing.
	*
	* @param {string} name
	* @private
	*/
	missingArgument(name) {
		const message = `error: missing required argument '${name}'`;
		this.error(message, { code: "commander.missingArgument" });
	}
	/**
	* `Option` is missing an argument.
	*
	* @param {Option} option
	* @private
	*/
	optionMissingArgument(option) {
		const message = `error: option '${option.flags}' argument missing`;
		this.error(message, { code: "commander.optionMissingArgument" });
	}
	/**
	* `Option` does not have a value, and is a mandatory option.
	*
	* @param {Option} option
	* @private
	*/
	missingMandatoryOptionValue(option) {
		const message = `error: required option '${option.flags}' not specified`;
		this.error(message, { code: "commander.missingMandatoryOptionValue" });
	}
	/**
	* `Option` conflicts with another option.
	*
	* @param {Option} option
	* @param {Option} conflictingOption
	* @private
	*/
	_conflictingOption(option, conflictingOption) {
		const findBestOptionFromValue = (option) => {
			const optionKey = option.attributeName();
			const optionValue = this.getOptionValue(optionKey);
			const negativeOption = this.options.find((target) => target.negate && optionKey === target.attributeName());
			const positiveOption = this.options.find((target) => !target.negate && optionKey === target.attributeName());
			if (negativeOption && (negativeOption.presetArg === void 0 && optionValue === false || negativeOption.presetArg !== void 0 && optionValue === negativeOption.presetArg)) return negativeOption;
			return positiveOption || option;
		};
		const getErrorMessage = (option) => {
			const bestOption = findBestOptionFromValue(option);
			const optionKey = bestOption.attributeName();
			if (this.getOptionValueSource(optionKey) === "env") return `environment variable '${bestOption.envVar}'`;
			return `option '${bestOption.flags}'`;
		};
		const message = `error: ${getErrorMessage(option)} cannot be used with ${getErrorMessage(conflictingOption)}`;
		this.error(message, { code: "commander.conflictingOption" });
	}
	/**
	* Unknown option `flag`.
	*
	* @param {string} flag
	* @private
	*/
	unknownOption(flag) {
		if (this._allowUnknownOption) return;
		let suggestion = "";
		if (flag.startsWith("--") && this._showSuggestionAfterError) {
			let candidateFlags = [];
			let command = this;
			do {
				const moreFlags = command.createHelp().visibleOptions(command).filter((option) => option.long).map((option) => option.long);
				candidateFlags = candidateFlags.concat(moreFlags);
				command = command.parent;
			} while (command && !command._enablePositionalOptions);
			suggestion = suggestSimilar(flag, candidateFlags);
		}
		const message = `error: unknown option '${flag}'${suggestion}`;
		this.error(message, { code: "commander.unknownOption" });
	}
	/**
	* Excess arguments, more than expected.
	*
	* @param {string[]} receivedArgs
	* @private
	*/
	_excessArguments(receivedArgs) {
		if (this._allowExcessArguments) return;
		const expected = this.registeredArguments.length;
		const s = expected === 1 ? "" : "s";
		const received = receivedArgs.length;
		const message = `error: too many arguments${this.parent ? ` for '${this.name()}'` : ""}. Expected ${expected} argument${s} but got ${received}: ${receivedArgs.join(", ")}.`;
		this.error(message, { code: "commander.excessArguments" });
	}
	/**
	* Unknown command.
	*
	* @private
	*/
	unknownCommand() {
		const unknownName = this.args[0];
		let suggestion = "";
		if (this._showSuggestionAfterError) {
			const candidateNames = [];
			this.createHelp().visibleCommands(this).forEach((command) => {
				candidateNames.push(command.name());
				if (command.alias()) candidateNames.push(command.alias());
			});
			suggestion = suggestSimilar(unknownName, candidateNames);
		}
		const message = `error: unknown command '${unknownName}'${suggestion}`;
		this.error(message, { code: "commander.unknownCommand" });
	}
	/**
	* Get or set the program version.
	*
	* This method auto-registers the "-V, --version" option which will print the version number.
	*
	* You can optionally supply the flags and description to override the defaults.
	*
	* @param {string} [str]
	* @param {string} [flags]
	* @param {string} [description]
	* @return {(this | string | undefined)} `this` command for chaining, or version string if no arguments
	*/
	version(str, flags, description) {
		if (str === void 0) return this._version;
		this._version = str;
		flags = flags || "-V, --version";
		description = description || "output the version number";
		const versionOption = this.createOption(flags, description);
		this._versionOptionName = versionOption.attributeName();
		this._registerOption(versionOption);
		this.on("option:" + versionOption.name(), () => {
			this._outputConfiguration.writeOut(`${str}\n`);
			this._exit(0, "commander.version", str);
		});
		return this;
	}
	/**
	* Set the description.
	*
	* @param {string} [str]
	* @param {object} [argsDescription]
	* @return {(string|Command)}
	*/
	description(str, argsDescription) {
		if (str === void 0 && argsDescription === void 0) return this._description;
		this._description = str;
		if (argsDescription) this._argsDescription = argsDescription;
		return this;
	}
	/**
	* Set the summary. Used when listed as subcommand of parent.
	*
	* @param {string} [str]
	* @return {(string|Command)}
	*/
	summary(str) {
		if (str === void 0) return this._summary;
		this._summary = str;
		return this;
	}
	/**
	* Set an alias for the command.
	*
	* You may call more than once to add multiple aliases. Only the first alias is shown in the auto-generated help.
	*
	* @param {string} [alias]
	* @return {(string|Command)}
	*/
	alias(alias) {
		if (alias === void 0) return this._aliases[0];
		/** @type {Command} */
		let command = this;
		if (this.commands.length !== 0 && this.commands[this.commands.length - 1]._executableHandler) command = this.commands[this.commands.length - 1];
		if (alias === command._name) throw new Error("Command alias can't be the same as its name");
		const matchingCommand = this.parent?._findCommand(alias);
		if (matchingCommand) {
			const existingCmd = [matchingCommand.name()].concat(matchingCommand.aliases()).join("|");
			throw new Error(`cannot add alias '${alias}' to command '${this.name()}' as already have command '${existingCmd}'`);
		}
		command._aliases.push(alias);
		return this;
	}
	/**
	* Set aliases for the command.
	*
	* Only the first alias is shown in the auto-generated help.
	*
	* @param {string[]} [aliases]
	* @return {(string[]|Command)}
	*/
	aliases(aliases) {
		if (aliases === void 0) return this._aliases;
		aliases.forEach((alias) => this.alias(alias));
		return this;
	}
	/**
	* Set / get the command usage `str`.
	*
	* @param {string} [str]
	* @return {(string|Command)}
	*/
	usage(str) {
		if (str === void 0) {
			if (this._usage) return this._usage;
			const args = this.registeredArguments.map((arg) => {
				return humanReadableArgName(arg);
			});
			return [].concat(this.options.length || this._helpOption !== null ? "[options]" : [], this.commands.length ? "[command]" : [], this.registeredArguments.length ? args : []).join(" ");
		}
		this._usage = str;
		return this;
	}
	/**
	* Get or set the name of the command.
	*
	* @param {string} [str]
	* @return {(string|Command)}
	*/
	name(str) {
		if (str === void 0) return this._name;
		this._name = str;
		return this;
	}
	/**
	* Set/get the help group heading for this subcommand in parent command's help.
	*
	* @param {string} [heading]
	* @return {Command | string}
	*/
	helpGroup(heading) {
		if (heading === void 0) return this._helpGroupHeading ?? "";
		this._helpGroupHeading = heading;
		return this;
	}
	/**
	* Set/get the default help group heading for subcommands added to this command.
	* (This does not override a group set directly on the subcommand using .helpGroup().)
	*
	* @example
	* program.commandsGroup('Development Commands:');
	* program.command('watch')...
	* program.command('lint')...
	* ...
	*
	* @param {string} [heading]
	* @returns {Command | string}
	*/
	commandsGroup(heading) {
		if (heading === void 0) return this._defaultCommandGroup ?? "";
		this._defaultCommandGroup = heading;
		return this;
	}
	/**
	* Set/get the default help group heading for options added to this command.
	* (This does not override a group set directly on the option using .helpGroup().)
	*
	* @example
	* program
	*   .optionsGroup('Development Options:')
	*   .option('-d, --debug', 'output extra debugging')
	*   .option('-p, --profile', 'output profiling information')
	*
	* @param {string} [heading]
	* @returns {Command | string}
	*/
	optionsGroup(heading) {
		if (heading === void 0) return this._defaultOptionGroup ?? "";
		this._defaultOptionGroup = heading;
		return this;
	}
	/**
	* @param {Option} option
	* @private
	*/
	_initOptionGroup(option) {
		if (this._defaultOptionGroup && !option.helpGroupHeading) option.helpGroup(this._defaultOptionGroup);
	}
	/**
	* @param {Command} cmd
	* @private
	*/
	_initCommandGroup(cmd) {
		if (this._defaultCommandGroup && !cmd.helpGroup()) cmd.helpGroup(this._defaultCommandGroup);
	}
	/**
	* Set the name of the command from script filename, such as process.argv[1],
	* or import.meta.filename.
	*
	* (Used internally and public although not documented in README.)
	*
	* @example
	* program.nameFromFilename(import.meta.filename);
	*
	* @param {string} filename
	* @return {Command}
	*/
	nameFromFilename(filename) {
		this._name = path.basename(filename, path.extname(filename));
		return this;
	}
	/**
	* Get or set the directory for searching for executable subcommands of this command.
	*
	* @example
	* program.executableDir(import.meta.dirname);
	* // or
	* program.executableDir('subcommands');
	*
	* @param {string} [path]
	* @return {(string|null|Command)}
	*/
	executableDir(path) {
		if (path === void 0) return this._executableDir;
		this._executableDir = path;
		return this;
	}
	/**
	* Return program help documentation.
	*
	* @param {{ error: boolean }} [contextOptions] - pass {error:true} to wrap for stderr instead of stdout
	* @return {string}
	*/
	helpInformation(contextOptions) {
		const helper = this.createHelp();
		const context = this._getOutputContext(contextOptions);
		helper.prepareContext({
			error: context.error,
			helpWidth: context.helpWidth,
			outputHasColors: context.hasColors
		});
		const text = helper.formatHelp(this, helper);
		if (context.hasColors) return text;
		return this._outputConfiguration.stripColor(text);
	}
	/**
	* @typedef HelpContext
	* @type {object}
	* @property {boolean} error
	* @property {number} helpWidth
	* @property {boolean} hasColors
	* @property {function} write - includes stripColor if needed
	*
	* @returns {HelpContext}
	* @private
	*/
	_getOutputContext(contextOptions) {
		contextOptions = contextOptions || {};
		const error = !!contextOptions.error;
		let baseWrite;
		let hasColors;
		let helpWidth;
		if (error) {
			baseWrite = (str) => this._outputConfiguration.writeErr(str);
			hasColors = this._outputConfiguration.getErrHasColors();
			helpWidth = this._outputConfiguration.getErrHelpWidth();
		} else {
			baseWrite = (str) => this._outputConfiguration.writeOut(str);
			hasColors = this._outputConfiguration.getOutHasColors();
			helpWidth = this._outputConfiguration.getOutHelpWidth();
		}
		const write = (str) => {
			if (!hasColors) str = this._outputConfiguration.stripColor(str);
			return baseWrite(str);
		};
		return {
			error,
			write,
			hasColors,
			helpWidth
		};
	}
	/**
	* Output help information for this command.
	*
	* Outputs built-in help, and custom text added using `.addHelpText()`.
	*
	* @param {{ error: boolean } | Function} [contextOptions] - pass {error:true} to write to stderr instead of stdout
	*/
	outputHelp(contextOptions) {
		let deprecatedCallback;
		if (typeof contextOptions === "function") {
			deprecatedCallback = contextOptions;
			contextOptions = void 0;
		}
		const outputContext = this._getOutputContext(contextOptions);
		/** @type {HelpTextEventContext} */
		const eventContext = {
			error: outputContext.error,
			write: outputContext.write,
			command: this
		};
		this._getCommandAndAncestors().reverse().forEach((command) => command.emit("beforeAllHelp", eventContext));
		this.emit("beforeHelp", eventContext);
		let helpInformation = this.helpInformation({ error: outputContext.error });
		if (deprecatedCallback) {
			helpInformation = deprecatedCallback(helpInformation);
			if (typeof helpInformation !== "string" && !Buffer.isBuffer(helpInformation)) throw new Error("outputHelp callback must return a string or a Buffer");
		}
		outputContext.write(helpInformation);
		if (this._getHelpOption()?.long) this.emit(this._getHelpOption().long);
		this.emit("afterHelp", eventContext);
		this._getCommandAndAncestors().forEach((command) => command.emit("afterAllHelp", eventContext));
	}
	/**
	* You can pass in flags and a description to customise the built-in help option.
	* Pass in false to disable the built-in help option.
	*
	* @example
	* program.helpOption('-?, --help', 'show help'); // customise
	* program.helpOption(false); // disable
	*
	* @param {(string | boolean)} flags
	* @param {string} [description]
	* @return {Command} `this` command for chaining
	*/
	helpOption(flags, description) {
		if (typeof flags === "boolean") {
			if (flags) {
				if (this._helpOption === null) this._helpOption = void 0;
				if (this._defaultOptionGroup) this._initOptionGroup(this._getHelpOption());
			} else this._helpOption = null;
			return this;
		}
		this._helpOption = this.createOption(flags ?? "-h, --help", description ?? "display help for command");
		if (flags || description) this._initOptionGroup(this._helpOption);
		return this;
	}
	/**
	* Lazy create help option.
	* Returns null if has been disabled with .helpOption(false).
	*
	* @returns {(Option | null)} the help option
	* @package
	*/
	_getHelpOption() {
		if (this._helpOption === void 0) this.helpOption(void 0, void 0);
		return this._helpOption;
	}
	/**
	* Supply your own option to use for the built-in help option.
	* This is an alternative to using helpOption() to customise the flags and description etc.
	*
	* @param {Option} option
	* @return {Command} `this` command for chaining
	*/
	addHelpOption(option) {
		this._helpOption = option;
		this._initOptionGroup(option);
		return this;
	}
	/**
	* Output help information and exit.
	*
	* Outputs built-in help, and custom text added using `.addHelpText()`.
	*
	* @param {{ error: boolean }} [contextOptions] - pass {error:true} to write to stderr instead of stdout
	*/
	help(contextOptions) {
		this.outputHelp(contextOptions);
		let exitCode = Number(process.exitCode ?? 0);
		if (exitCode === 0 && contextOptions && typeof contextOptions !== "function" && contextOptions.error) exitCode = 1;
		this._exit(exitCode, "commander.help", "(outputHelp)");
	}
	/**
	* // Do a little typing to coordinate emit and listener for the help text events.
	* @typedef HelpTextEventContext
	* @type {object}
	* @property {boolean} error
	* @property {Command} command
	* @property {function} write
	*/
	/**
	* Add additional text to be displayed with the built-in help.
	*
	* Position is 'before' or 'after' to affect just this command,
	* and 'beforeAll' or 'afterAll' to affect this command and all its subcommands.
	*
	* @param {string} position - before or after built-in help
	* @param {(string | Function)} text - string to add, or a function returning a string
	* @return {Command} `this` command for chaining
	*/
	addHelpText(position, text) {
		const allowedValues = [
			"beforeAll",
			"before",
			"after",
			"afterAll"
		];
		if (!allowedValues.includes(position)) throw new Error(`Unexpected value for position to addHelpText.
Expecting one of '${allowedValues.join("', '")}'`);
		const helpEvent = `${position}Help`;
		this.on(helpEvent, (context) => {
			let helpStr;
			if (typeof text === "function") helpStr = text({
				error: context.error,
				command: context.command
			});
			else helpStr = text;
			if (helpStr) context.write(`${helpStr}\n`);
		});
		return this;
	}
	/**
	* Output help information if help flags specified
	*
	* @param {Array} args - array of options to search for help flags
	* @private
	*/
	_outputHelpIfRequested(args) {
		const helpOption = this._getHelpOption();
		if (helpOption && args.find((arg) => helpOption.is(arg))) {
			this.outputHelp();
			this._exit(0, "commander.helpDisplayed", "(outputHelp)");
		}
	}
};
/**
* Scan arguments and increment port number for inspect calls (to avoid conflicts when spawning new command).
*
* @param {string[]} args - array of arguments from node.execArgv
* @returns {string[]}
* @private
*/
function incrementNodeInspectorPort(args) {
	return args.map((arg) => {
		if (!arg.startsWith("--inspect")) return arg;
		let debugOption;
		let debugHost = "127.0.0.1";
		let debugPort = "9229";
		let match;
		if ((match = arg.match(/^(--inspect(-brk|-wait)?)$/)) !== null) debugOption = match[1];
		else if ((match = arg.match(/^(--inspect(-brk|-port|-wait)?)=(\[[^\]]+\]|[^:]+)$/)) !== null) {
			debugOption = match[1];
			if (/^\d+$/.test(match[3])) debugPort = match[3];
			else debugHost = match[3];
		} else if ((match = arg.match(/^(--inspect(-brk|-port|-wait)?)=(\[[^\]]+\]|[^:]+):(\d+)$/)) !== null) {
			debugOption = match[1];
			debugHost = match[3];
			debugPort = match[4];
		}
		if (debugOption && debugPort !== "0") return `${debugOption}=${debugHost}:${parseInt(debugPort) + 1}`;
		return arg;
	});
}
/**
* Exported for using from tests, not otherwise used outside this file.
*
* @returns {boolean | undefined}
* @package
*/
function useColor() {
	if (process.env.NO_COLOR || process.env.FORCE_COLOR === "0" || process.env.FORCE_COLOR === "false") return false;
	if (process.env.FORCE_COLOR || process.env.CLICOLOR_FORCE !== void 0) return true;
}
new Command();
// src/cli/run.ts
/**
* Runs a command's work with progress, and ends it at a signal. Text for people goes to stderr, for machines to stdout.
*
* @param done gets the exit code, even if the work throws after a signal
*/
async function runCommand(host, flags, done, work, stopped) {
	const { env, stdin, stdout, stderr } = host;
	const reporter = reporterFor(host, flags);
	const interruption = watchSignals(host, {
		message: stopped,
		onForced: (text) => {
			reporter.stop();
			stderr.write(`error: ${text}\n`);
		}
	});
	const { signal } = interruption;
	try {
		const { failed, loud = failed, warnings = () => "", json, text, write } = await work({
			env,
			stdin: interruptible(stdin, signal),
			emit: reporter.emit,
			signal
		});
		reporter.stop();
		if (flags.json && json !== void 0) stdout.write(`${printableJson(json)}\n`);
		const words = (flags.quiet && !loud ? warnings : text)({
			color: flags.color,
			width: stderr.columns
		});
		if (words !== "") stderr.write(`${words}\n`);
		await write?.();
		done(failed ? 1 : 0);
	} finally {
		reporter.stop();
		interruption.stop();
		done(interruption.exitCode() ?? 0);
	}
}
/** Progress as these flags and this host want it. */
function reporterFor({ stderr, env }, { quiet, verbose, color }) {
	return createReporter({
		stream: stderr,
		quiet,
		verbose,
		color,
		live: stderr.isTTY === true && env["TERM"] !== "dumb" && env["CI"] === void 0,
		now: () => performance.now()
	});
}
/** Whether to print colours: on a terminal, unless the user turned them off (no-color.org). */
function wantsColor({ stderr, env }, flag) {
	return flag && (env["NO_COLOR"] ?? "") === "" && stderr.isTTY === true && env["TERM"] !== "dumb";
}
async function* interruptible(stdin, signal) {
	const stop = () => void stdin.destroy();
	signal.addEventListener("abort", stop, { once: true });
	try {
		yield* stdin;
	} catch (error) {
		signal.throwIfAborted();
		throw error;
	} finally {
		signal.removeEventListener("abort", stop);
	}
}
// src/cli/flags.ts
/** Adds options of the schema, all without `names`, and the output flags. Values stay text: the schema parses them. */
function addFlags(command, names) {
	const wanted = names && new Set(names);
	for (const [name, meta] of describeOptions()) {
		if (meta.argument === true || wanted?.has(name) === false) continue;
		const short = meta.short === void 0 ? "" : `-${meta.short}, `;
		const value = meta.kind === "boolean" ? "" : ` <${(meta.placeholder ?? "word").toLowerCase()}>`;
		const fallback = meta.default === "" || meta.kind === "boolean" ? "" : ` (default: ${meta.default})`;
		const option = new Option(`${short}--${kebab(name)}${value}`, meta.description + fallback);
		if (meta.choices) option.choices([...meta.choices]);
		if (meta.kind === "list") option.argParser(append);
		command.addOption(option);
	}
	return command.option("--json", "for machines: only the result on stdout").option("--quiet", "only warnings and errors").option("--verbose", "print more").option("--no-color", "no colours");
}
/** For an option that may be given more than once. */
const append = (value, earlier) => [...Array.isArray(earlier) ? earlier.filter((text) => typeof text === "string") : [], value];
/** Splits a command's flags into the output flags and the rest. */
function takeFlags(flags, host) {
	const { json, quiet, verbose, color, ...rest } = flags;
	return {
		output: {
			json: json === true,
			quiet: quiet === true,
			verbose: verbose === true,
			color: wantsColor(host, color !== false)
		},
		rest
	};
}
// src/cli/cache/flags.ts
/**
* Reads the flags of a command about the store: its folder, its limit in bytes, the output flags, and the command's own
* in `rest`. Throws `usage` for an invalid size.
*/
function takeStoreFlags(flags, command, host) {
	const { output, rest: given } = takeFlags(flags, host);
	const { cacheDir, cacheMaxSize, ...rest } = given;
	const options = parseStoreOptions({
		cacheDir,
		cacheMaxSize
	}, command);
	return {
		folder: storeFolder(options.cacheDir, host.env),
		maxBytes: options.cacheMaxSize,
		output,
		rest
	};
}
// src/cli/cache/list.ts
const EXAMPLES$11 = `
Examples:
  oci-save cache list
  oci-save cache list --verbose
  oci-save cache list --json --cache-dir /srv/oci-save

A blob that a bundle links takes no additional space, so it does not count towards the limit; without the bundle it
does.
`;
/** `oci-save cache list`: what the store contains, by age. Nothing is hashed or changed. */
function cacheListCommand(host, done) {
	return addFlags(new Command("list"), ["cacheDir", "cacheMaxSize"]).description("show what is kept, by age; --verbose shows every blob").addHelpText("after", EXAMPLES$11).action(async (flags) => {
		const { folder, maxBytes, output } = takeStoreFlags(flags, "list", host);
		const content = await listStore(folder);
		const store = describeStore(content, {
			folder,
			maxBytes,
			now: Date.now()
		});
		const entries = output.verbose ? describeBlobs(content) : void 0;
		const { stdout } = host;
		if (output.json) stdout.write(`${printableJson({
			...store,
			entries
		})}\n`);
		else stdout.write(renderStore(store, entries, stdout.columns));
		done(0);
	});
}
const DAY$1 = 864e5;
/** Names of ages and their upper bounds in milliseconds. */
const AGES = [
	["within a day", DAY$1],
	["within a week", 7 * DAY$1],
	["within 30 days", 30 * DAY$1],
	["longer ago", Number.POSITIVE_INFINITY]
];
const UNKNOWN = "not recorded";
/** `now` is in milliseconds. */
function describeStore({ blobs, runs }, { folder, maxBytes, now }) {
	const ageOf = ({ lastUsed }) => lastUsed === 0 ? UNKNOWN : AGES.find(([, limit]) => now - lastUsed < limit)?.[0] ?? UNKNOWN;
	const byAge = Map.groupBy(blobs, ageOf);
	const { linked, ...all } = groupOf(blobs);
	return {
		folder,
		...all,
		linked,
		countedBytes: all.bytes - linked.bytes,
		maxBytes,
		runs,
		ages: [...AGES.map(([age]) => age), UNKNOWN].flatMap((lastUsed) => {
			const group = byAge.get(lastUsed);
			return group === void 0 ? [] : [{
				lastUsed,
				...groupOf(group)
			}];
		})
	};
}
/** Every blob, the most recently used first. */
function describeBlobs({ blobs }) {
	return blobs.toSorted((a, b) => b.lastUsed - a.lastUsed || b.size - a.size || (a.digest < b.digest ? -1 : 1)).map(({ digest, size, linked, lastUsed }) => ({
		digest,
		size,
		linked,
		lastUsed: lastUsed === 0 ? null : new Date(lastUsed).toISOString()
	}));
}
function groupOf(blobs) {
	return {
		...countOf(blobs),
		linked: countOf(blobs.filter(({ linked }) => linked))
	};
}
function countOf(blobs) {
	return {
		blobs: blobs.length,
		bytes: blobs.reduce((sum, { size }) => sum + size, 0)
	};
}
/** A store for people, by age or blob by blob, with a line end after the last line. */
function renderStore(store, entries, width) {
	const head = `Store ${plainText(store.folder)}: `;
	if (store.blobs === 0) return `${head}no blob is kept there\n`;
	const table = entries === void 0 ? ageTable(store, width) : blobTable(entries, width);
	const counted = `${formatBytes(store.countedBytes)} count towards the limit of ${formatBytes(store.maxBytes)}`;
	const runs = store.runs === 0 ? "" : `; ${formatCount(store.runs, "run")} at work`;
	return `${head}${wordsOf(store)}\n\n${table}\n\n${counted}${runs}\n`;
}
const wordsOf = ({ blobs, bytes }) => `${formatCount(blobs, "blob")}, ${formatBytes(bytes)}`;
function ageTable({ ages }, width) {
	const rows = ages.map(({ lastUsed, blobs, bytes, linked }) => [
		lastUsed,
		String(blobs),
		formatBytes(bytes),
		linked.blobs === 0 ? "" : wordsOf(linked)
	]);
	return renderColumns([
		"LAST USED",
		"BLOBS",
		"SIZE",
		"LINKED BY BUNDLES"
	], rows, width);
}
function blobTable(entries, width) {
	const rows = entries.map(({ digest, size, linked, lastUsed }) => [
		digest,
		formatBytes(size),
		lastUsed ?? UNKNOWN,
		linked ? "yes" : ""
	]);
	return renderColumns([
		"BLOB",
		"SIZE",
		"LAST USED",
		"LINKED BY BUNDLES"
	], rows, width);
}
// src/cli/cache/prune.ts
const EXAMPLES$10 = `
Examples:
  oci-save cache prune                          # down to the default limit
  oci-save cache prune --cache-max-size 5GiB
  oci-save cache prune --unused-for 30 --dry-run
  oci-save cache prune --all

What a run in progress needs is kept, and so is what a bundle links: removing that would free no space.
`;
const DAY = 864e5;
/** `oci-save cache prune`: removes the least recently used blobs, those unused for some days, or all. */
function cachePruneCommand(host, done) {
	return addFlags(new Command("prune"), ["cacheDir", "cacheMaxSize"]).description("remove the least recently used blobs, down to a limit").option("--unused-for <days>", "remove what no run has used for this many days, whatever the size").option("--all", "remove everything that no run in progress and no bundle needs").option("--dry-run", "show what would be removed; remove nothing").addHelpText("after", EXAMPLES$10).action(async (flags) => {
		const { folder, maxBytes, output, rest } = takeStoreFlags(flags, "prune", host);
		const rule = ruleOf({
			...rest,
			cacheMaxSize: flags["cacheMaxSize"]
		}, maxBytes);
		const dryRun = rest["dryRun"] === true;
		const pruned = await pruneStore(folder, {
			rule,
			dryRun
		});
		if (output.json) host.stdout.write(`${printableJson({
			folder,
			dryRun,
			...pruned
		})}\n`);
		if (!output.quiet) host.stderr.write(`${renderPruned(pruned, folder, dryRun)}\n`);
		done(0);
	});
}
function ruleOf(flags, maxBytes) {
	const { all, unusedFor, cacheMaxSize } = flags;
	const days = typeof unusedFor === "string" ? unusedFor : "";
	if ([
		all,
		unusedFor,
		cacheMaxSize
	].filter((flag) => flag !== void 0).length > 1) throw new OciSaveError({
		code: "usage",
		message: "--all, --unused-for and --cache-max-size exclude each other",
		hint: "Run it once for each."
	});
	if (all === true) return { kind: "all" };
	if (unusedFor === void 0) return {
		kind: "size",
		maxBytes
	};
	if (/^\d{1,5}$/.test(days)) return {
		kind: "unused-since",
		time: Date.now() - Number(days) * DAY
	};
	throw new OciSaveError({
		code: "usage",
		message: `--unused-for: '${days}' is not a number of days`
	});
}
function renderPruned({ removed, kept, linked }, folder, dryRun) {
	const words = ({ blobs, bytes }) => `${formatCount(blobs, "blob")}, ${formatBytes(bytes)}`;
	const did = dryRun ? "Would remove" : "Removed";
	return [
		removed.blobs === 0 ? "Nothing to remove" : `${did} ${words(removed)}`,
		`${plainText(folder)} keeps ${words(kept)}`,
		...linked.blobs === 0 ? [] : [`and ${words(linked)} that bundles link, at no additional space`]
	].join("\n");
}
// src/cli/cache/verify.ts
const EXAMPLES$9 = `
Examples:
  oci-save cache verify
  oci-save cache verify --cache-dir /srv/oci-save --json

A damaged blob is dropped, and fetched again when a list needs it. A bundle that links it has the same wrong bytes:
save that bundle again.

Exit codes: 0 every blob is intact, 1 some were damaged, 2 the store cannot be read, 130 and 143 interrupted.
`;
/** `oci-save cache verify`: hashes every blob and drops what is damaged. */
function cacheVerifyCommand(host, done) {
	return addFlags(new Command("verify"), ["cacheDir"]).description("hash every blob that is kept; damaged ones are listed and dropped").addHelpText("after", EXAMPLES$9).action((flags) => {
		const { folder, output } = takeStoreFlags(flags, "verify", host);
		return runCommand(host, output, done, async ({ emit, signal }) => {
			const check = await verifyWithProgress(folder, emit, signal);
			return {
				failed: check.damaged.length > 0,
				json: {
					folder,
					...check
				},
				text: () => verdict(folder, check)
			};
		});
	});
}
/** Verifies with progress, and reports each damaged blob at once. */
function verifyWithProgress(folder, emit, signal) {
	return verifyStore(folder, {
		signal,
		onStart: (total) => emit({
			type: "stage",
			stage: "verify",
			total
		}),
		onBytes: (delta) => emit({
			type: "bytes",
			stage: "verify",
			delta
		}),
		onBlob(digest, damaged) {
			if (damaged !== void 0) emit({
				type: "log",
				level: "error",
				message: describeDamage(damaged),
				image: digest
			});
			emit({
				type: "step",
				stage: "verify",
				subject: digest,
				outcome: damaged === void 0 ? "done" : "failed"
			});
		}
	});
}
function describeDamage({ digest, why, linked }) {
	return `${digest} was damaged (${why}): ${linked ? "dropped; a bundle links it and has the same wrong bytes" : "dropped; it is fetched again when a list needs it"}`;
}
function verdict(folder, { blobs, bytes, damaged }) {
	if (blobs === 0) return `Nothing is kept in ${plainText(folder)}`;
	const what = `${formatCount(blobs, "blob")} in ${plainText(folder)}, ${formatBytes(bytes)}`;
	if (damaged.length === 0) return `Verified ${what}: all are intact`;
	const linked = damaged.filter((blob) => blob.linked).length;
	return [
		`Verified ${what}: ${damaged.length} damaged and dropped`,
		...linked === 0 ? [] : [`${linked} of them linked by bundles: save those bundles again, and do not use them`],
		"If this happens again, check the disk."
	].join("\n");
}
// src/cli/cache/index.ts
const EXAMPLES$8 = `
Examples:
  oci-save cache list
  oci-save cache verify
  oci-save cache prune --cache-max-size 5GiB
`;
/** `oci-save cache`: what is kept between runs on this machine. */
function cacheCommand(host, done) {
	return new Command("cache").description("what is kept between runs on this machine: list it, verify it, prune it").addHelpText("after", EXAMPLES$8).addCommand(cacheListCommand(host, done)).addCommand(cacheVerifyCommand(host, done)).addCommand(cachePruneCommand(host, done));
}
// src/cli/credentials.ts
const STDIN = "standard input";
const MAX_BYTES = 1048576;
const IN_PLACE = "Name a file; passwords do not belong on a command line, where every process can read them.";
const PIPED = "Name a regular file, or - and let the program write to standard input.";
/**
* Reads the options of a command: with the content of the file that `--credentials` names, or that of standard input for
* `-`, since other users of the machine can read arguments.
* @param given what is no flag, by camelCase name
* @throws OciSaveError `usage` for every fault, where the file cannot be read, or where a list is read from standard input,
*   too
*/
async function parseFlags(flags, given, stdin) {
	const { credentials: file, imageList } = flags;
	if (typeof file !== "string" || file === "") return parseOptions({
		...flags,
		...given
	});
	if (file === "-" && readsStdin(imageList)) throw new OciSaveError({
		code: "usage",
		message: "--credentials and --image-list are both -: only one can be read from standard input",
		hint: "Name a file for one of them."
	});
	const credentials = file === "-" ? await textOf$1(stdin, STDIN) : await contentOf(file);
	const source = file === "-" ? STDIN : quoteText(file);
	return parseOptionsWithLogins({
		...flags,
		credentials,
		...given
	}, source);
}
function readsStdin(imageList) {
	return (Array.isArray(imageList) ? imageList : [imageList]).some((text) => typeof text === "string" && text.split(/[,\r\n]/).some((one) => one.trim() === "-"));
}
async function contentOf(file) {
	const shown = await isPath(file) ? `the file ${quoteText(file)}` : "the file";
	try {
		const opened = await openRegular(file);
		if (!("handle" in opened)) throw unreadable(shown, opened.reason, opened.isStream ? PIPED : void 0);
		return await textOf$1(opened.handle.createReadStream({ end: MAX_BYTES }), shown);
	} catch (error) {
		const code = systemCodeOf(error);
		throw code === void 0 ? error : unreadable(shown, code);
	}
}
/** Bounded: a program may write without end. */
async function textOf$1(stream, shown) {
	const chunks = [];
	let length = 0;
	for await (const chunk of stream) {
		length += chunk.length;
		if (length > MAX_BYTES) throw unreadable(shown, "it has more than 1 MiB");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}
function unreadable(shown, why, hint = IN_PLACE) {
	return new OciSaveError({
		code: "usage",
		message: `--credentials: ${shown} cannot be read (${why})`,
		hint
	});
}
/** Whether a text is a file's name and no password: it or its folder is there, or it ends as such files do. */
async function isPath(text) {
	if (/^[\w.-]+\.(?:txt|ya?ml|json|conf)$/i.test(text) || await exists(text)) return true;
	const folder = path.dirname(text);
	return folder !== "." && folder !== path.parse(folder).root && await exists(folder);
}
async function exists(file) {
	try {
		await lstat(file);
		return true;
	} catch (error) {
		if (systemCodeOf(error) === void 0) throw error;
		return false;
	}
}
// src/cli/list/listed.ts
/** An entry of a list. */
function requestRow(request, origins) {
	const { source, platforms, storedAs, locked } = request;
	if (locked !== void 0) return lockedRow(locked, origins);
	return {
		ref: formatSource(source),
		names: storedAs.map(formatReference),
		digest: void 0,
		platforms: platformWords(platforms),
		origins,
		options: [],
		entry: {
			source,
			platforms,
			storedAs
		}
	};
}
/** An image of a lock. */
function lockedRow(image, origins) {
	const { ref, names, digest, source, referrers, index, converted } = image;
	const entry = entryOf(image);
	return {
		ref,
		names,
		digest,
		platforms: typeof entry === "object" && entry.platforms === "all" ? ["all"] : image.platforms,
		origins,
		...source === "docker" ? {} : { transport: source },
		...referrers.length === 0 ? {} : { referrers: referrers.length },
		options: [
			...index === void 0 ? [] : [`--index ${index}`],
			...source === "docker" && converted !== void 0 ? ["--format oci"] : [],
			...referrers.length === 0 ? [] : ["--referrers"]
		],
		entry
	};
}
/** An image that stands in several places is one row. */
function joinRows(rows) {
	return [...Map.groupBy(rows, ({ ref, names, digest, platforms, transport }) => JSON.stringify([
		ref,
		names,
		digest,
		platforms,
		transport
	])).values()].flatMap(([first, ...others]) => first === void 0 ? [] : [{
		...first,
		origins: [first, ...others].flatMap(({ origins }) => origins)
	}]);
}
function platformWords(platforms) {
	if (platforms === void 0) return [];
	return platforms === "all" ? ["all"] : platforms.map(formatPlatform);
}
// src/cli/list/content.ts
/** Bytes by which a lock is recognised. */
const START_BYTES = 1024;
/** A larger file is a lock only by its start. */
const MAX_REWRITTEN_BYTES = 33554432;
/**
* Reads lists as a save reads them, and locks, bundles and archives as they stand.
* @throws OciSaveError `usage` where nothing is named, or what is named cannot be there
*/
async function readContent(what, inputs, options) {
	if (what.length === 0) throw new OciSaveError({
		code: "usage",
		message: "nothing is named to be listed",
		hint: "Name image lists, locks, bundles or archives: oci-save list images.txt"
	});
	const places = [...new Set(what)];
	const named = await Promise.all(places.map(kindOf));
	const locks = await Promise.all(named.flatMap((one) => one.kind === "list" ? [] : [readLocked(one)]));
	const files = named.flatMap((one) => one.kind === "list" ? [one.file] : []);
	const isAlone = places.length === 1;
	const images = locks.flatMap(({ lock, file }) => lock.images.map((image) => lockedRow(image, isAlone ? [] : [file])));
	const survey = files.length === 0 ? void 0 : await surveyLists({
		...inputs,
		images: [],
		files
	});
	return {
		images: [...(survey?.requests ?? []).map((request, at) => requestRow(request, (survey?.origins[at] ?? []).map(formatOrigin))), ...joinRows(images)],
		lists: [...survey?.lists ?? [], ...locks.map(({ file, kind, lock }) => ({
			file,
			format: kind,
			count: lock.images.length,
			ignored: []
		}))],
		warnings: [...survey?.warnings ?? [], ...(survey === void 0 ? [] : idleOptions(options, survey)).map((message) => ({ message }))],
		users: survey?.logins.length ?? 0,
		leftOut: survey?.leftOut ?? [],
		candidates: survey?.candidates ?? [],
		rejects: survey?.rejects ?? [],
		problems: [
			...survey?.problems ?? [],
			...(survey?.tagRequests ?? []).map(unlisted),
			...unstorable(survey?.requests ?? [], options.naming)
		]
	};
}
/** A save asks the registry, and only if that is agreed to; a list alone does not name these images. */
function unlisted({ origin, repository }) {
	return {
		...origin,
		reason: `it asks for tags of ${quoteText(nameOf(repository))} by a rule, which only the registry can tell`,
		hint: "oci-save lock --expand-tags asks it; its lock names the tags, and is a list, too."
	};
}
/** Names that a save would refuse before it asks for anything. */
function unstorable(requests, naming) {
	try {
		joinRequests(requests, {
			platforms: "all",
			naming
		});
		return [];
	} catch (error) {
		if (!(error instanceof OciSaveError)) throw error;
		return error.details.map(({ file = "", line, message, hint = error.hintParts }) => ({
			file,
			line,
			reason: message,
			hint
		}));
	}
}
async function kindOf(file) {
	if (file === "-" || isListAddress(file)) return {
		file,
		kind: "list"
	};
	const kind = await fileKindOf(file);
	if (kind === void 0) return {
		file,
		kind: await absent(file)
	};
	if (kind === "folder") return {
		file,
		kind: await folderKind(file)
	};
	if (archiveNamed(file) !== void 0) return {
		file,
		kind: "archive"
	};
	return {
		file,
		kind: await isLock(file) ? "lock" : "list"
	};
}
/** A bundle, or a chart, which is read as a list. */
async function folderKind(folder) {
	if (await lockFileIn(folder) !== void 0) return "bundle";
	if (await isFile(path.join(folder, "Chart.yaml"))) return "list";
	throw new OciSaveError({
		code: "usage",
		message: `${folder} is not a bundle: there is no lock in it or next to it`,
		hint: "Name a bundle, an archive, a lock or an image list."
	});
}
/** By its start, or, where it was written anew by a tool for JSON, by all of it. */
async function isLock(file) {
	const start = await readStart(file, START_BYTES);
	if (start === void 0) return false;
	if (LOCK_FILE_KIND.matches(start.bytes, start.size <= START_BYTES)) return true;
	if (!start.bytes.toString("utf8").trimStart().startsWith("{") || start.size > MAX_REWRITTEN_BYTES) return false;
	const whole = await readStart(file, MAX_REWRITTEN_BYTES);
	return whole !== void 0 && LOCK_FILE_KIND.matches(whole.bytes, true);
}
async function fileKindOf(file) {
	try {
		return (await stat(file)).isDirectory() ? "folder" : "file";
	} catch (error) {
		if (systemCodeOf(error) === void 0) throw error;
		return;
	}
}
/** A pattern, or a file that is missed when it is read. An image is neither. */
async function absent(file) {
	if (/[*?[{]/.test(file) || !/[/:@]/.test(file) || /\.(?:txt|ya?ml|json|lock|csv|tar)$/i.test(file)) return "list";
	if (!isReference(file)) return "list";
	throw new OciSaveError({
		code: "usage",
		message: `there is no file ${quoteText(file)}; it looks like an image`,
		hint: `list shows what files say. To resolve an image: oci-save lock ${file}. To save it: oci-save save ${file}`
	});
}
async function readLocked({ file, kind }) {
	const lock = kind === "archive" ? await lockOfArchive(file) : await lockIn(file, kind);
	if (lock !== void 0) return {
		file,
		kind,
		lock
	};
	throw new OciSaveError({
		code: "usage",
		message: `${file} has no lock in it, and there is none next to it`,
		hint: "Name a bundle, an archive, a lock or an image list."
	});
}
async function lockIn(file, kind) {
	const place = kind === "bundle" ? await lockFileIn(file) : file;
	return place === void 0 ? void 0 : readLock(place);
}
// src/cli/list/render.ts
/** Where the rest of a long table is. */
const REST = ", all with --json";
/** What people read: the images, and what is none or may be one, each with its place. A line end after the last line. */
function renderTable(content, width) {
	const { images } = content;
	const table = images.length === 0 ? [] : [renderImageList(images.map(tableRow), width)];
	const faults = renderFaults(content, {
		width,
		color: false
	});
	return [...table, ...faults === "" ? [] : [faults]].map((part) => `${part}\n`).join("\n");
}
/** Candidates and what could not be read; empty where there is nothing. */
function renderFaults({ candidates, rejects, problems }, view) {
	const listings = listingsOf({
		warnings: [],
		candidates: candidates.map(({ text, origin, why }) => ({
			text,
			origin,
			why
		})),
		rejects: rejects.map(({ text, origin, reason, hint }) => ({
			text,
			origin,
			reason,
			hint
		}))
	});
	return renderListings([...listings, refused(problems)], view, REST);
}
/** What the lists' reader warns of, as a save does. */
function renderWarnings(warnings, view) {
	return renderListings(listingsOf({
		warnings: [...warnings],
		candidates: [],
		rejects: []
	}), view, REST);
}
function refused(problems) {
	return {
		title: `Rejected: ${problems.length === 1 ? "1 entry" : `${problems.length} entries`} that a save would refuse`,
		rows: problems.map((problem) => {
			const { file, line, reason } = problem;
			const why = [reason, ...hintsOf(problem)].join(". ");
			return line === void 0 ? {
				origin: void 0,
				entry: void 0,
				why: `${file}: ${why}`
			} : {
				origin: {
					file,
					line
				},
				entry: void 0,
				why
			};
		})
	};
}
function hintsOf({ hint }) {
	return hint === void 0 ? [] : [spellHint(hint, asFlag)];
}
function tableRow({ ref, names, digest, platforms, origins, referrers }) {
	const shown = shownReference(ref);
	return {
		ref: plainText(shown),
		names: names.filter((name) => name !== ref && name !== shown).map(plainText),
		digest: digest === void 0 ? pinOf(ref) : shortDigest(digest),
		platforms: plainText(platforms.join(",")),
		origin: plainText(origins.join(", ")),
		referrers: referrers === void 0 ? "" : String(referrers)
	};
}
/** The digest in a reference, which nothing has resolved. */
function pinOf(ref) {
	const pin = ref.slice(ref.lastIndexOf("@") + 1);
	return isDigest(pin) ? shortDigest(pin) : "";
}
/** What machines read. It is a list, too: a save that gets it has the same images, candidates and rejects. */
function renderJson(content) {
	const { images, candidates, rejects, problems, leftOut, warnings, lists } = content;
	const json = {
		images: images.map(({ ref, names, digest, platforms, origins, transport, referrers }) => ({
			ref,
			names,
			digest,
			platforms,
			origins,
			transport,
			referrers
		})),
		candidates: candidates.map(({ text, origin, why }) => ({
			text,
			origin: formatOrigin(origin),
			why
		})),
		rejects: [...problems.map(({ file, line, reason, ...rest }) => ({
			origin: line === void 0 ? file : `${file}:${line}`,
			reason,
			hint: hintsOf({
				file,
				reason,
				...rest
			})[0],
			error: true
		})), ...rejects.map(({ text, origin, reason, hint }) => ({
			text,
			origin: formatOrigin(origin),
			reason,
			hint,
			error: false
		}))],
		leftOut: leftOut.map(({ rule, place, count }) => ({
			rule,
			origin: place,
			count
		})),
		warnings: warnings.map(({ text, message, origin }) => ({
			text,
			message,
			origin: origin && formatOrigin(origin)
		})),
		lists: lists.map(({ file, format, count, ignored }) => ({
			file,
			format,
			count,
			ignored
		}))
	};
	return `${printableJson(json)}\n`;
}
// src/cli/list/entries.ts
/** More images are counted in a message. */
const MAX_SHOWN$1 = 20;
/**
* The images in a form that can be given to a save again.
* @throws OciSaveError `usage` where one of them cannot be written in it: nothing is left out
*/
function writeEntries({ images }, form) {
	const faults = images.flatMap(({ ref, entry }) => typeof entry === "string" ? [`${plainText(ref)} cannot be written to ${form.noun}: ${plainText(entry)}`] : []);
	const [first] = faults;
	if (first !== void 0) {
		const more = faults.length > MAX_SHOWN$1 ? [`  and ${faults.length - MAX_SHOWN$1} more`] : [];
		const lines = faults.slice(0, MAX_SHOWN$1).map((line) => `  ${line}`);
		throw new OciSaveError({
			code: "usage",
			message: faults.length === 1 ? first : [
				`${faults.length} images cannot be written:`,
				...lines,
				...more
			].join("\n"),
			hint: "Give the lock itself to the save: it is a list, too. --as json shows all that is in it."
		});
	}
	return writeList(images.flatMap(({ entry }) => typeof entry === "string" ? [] : [entry]), form);
}
/** What a written list does not say: it asks for the same images, and options of the save have to do the rest. */
function unwrittenOf({ images, users }) {
	const options = new Set(images.flatMap((image) => image.options));
	const count = images.filter((image) => image.options.length > 0).length;
	const named = [...options].sort().join(", ");
	return [...count === 0 ? [] : [{ message: `saved with ${named}, which no list says: ${formatCount(count, "image")}. Give these options again, or the lock itself as the list` }], ...users === 0 ? [] : [{ message: `the lists name ${formatCount(users, "user")}, and no form has passwords: give --credentials` }]];
}
// src/cli/list/list-command.ts
/** The options of a save that decide how lists are read. */
const OPTIONS$3 = [
	"imageList",
	"listFormat",
	"vars",
	"defaultRegistry",
	"ignore",
	"imageRules",
	"onCandidate",
	"platforms",
	"naming",
	"strictTags",
	"certsDir",
	"caFile",
	"insecureRegistries"
];
const FORMS = [
	"table",
	"json",
	...LIST_FORMS.map(({ name }) => name)
];
const EXAMPLES$7 = `
Examples:
  oci-save list images.txt
  oci-save list images.txt charts/values.yaml --json
  oci-save list oci-bundle --as plain
  oci-save list oci-bundle/oci-save.lock.json --as imageslock
  oci-save list oci-bundle.tar

Lists are read as a save reads them: what it would save, what it would not (candidates), and what it could not read
(rejects), each with file and line. Every form but the table can be given to a save again: nothing is left out, and a form
that cannot have an image ends with exit code 2.

Exit codes: 0 done, 2 a list that a save would refuse, or wrong use.
`;
/** `oci-save list`: the images of lists, locks, bundles and archives. Nothing is resolved, and no registry is contacted. */
function listCommand(host, done) {
	return addFlags(new Command("list").description("show the images of lists, locks, bundles and archives; no registry is contacted").argument("[what...]", "image lists, locks, bundles, archives; - for a list on standard input").option("--as <form>", `how: ${FORMS.join(", ")}; --json is the same as json (default: table)`), OPTIONS$3).addHelpText("after", EXAMPLES$7).action(async (what, { as = "table", ...flags }) => {
		const { output, rest } = takeFlags(flags, host);
		const form = FORMS.find((known) => known === (output.json ? "json" : as));
		if (form === void 0) throw new OciSaveError({
			code: "usage",
			message: `--as: '${String(as)}' is not one of ${FORMS.join(", ")}`
		});
		const options = await parseFlags(rest, {}, host.stdin);
		done(printContent(await readContent([...what, ...options.imageList], listInputs(options, host), options), form, output, host));
	});
}
/** Prints the result to stdout and what people should know to stderr. Returns the exit code. */
function printContent(content, form, output, { stdout, stderr }) {
	const { problems } = content;
	const listForm = LIST_FORMS.find(({ name }) => name === form);
	const view = {
		color: output.color,
		width: stderr.columns
	};
	const tell = (text) => void (text !== "" && stderr.write(`${text}\n`));
	if (!output.quiet) tell([...listLines(content.lists, content.images.length), ...leftOutLines(content.leftOut)].join("\n"));
	tell(renderWarnings([...content.warnings, ...listForm === void 0 ? [] : unwrittenOf(content)], view));
	if (listForm !== void 0) {
		if (problems.length > 0) throw listError(problems);
		const text = writeEntries(content, listForm);
		tell(renderFaults({
			...content,
			problems: []
		}, view));
		stdout.write(text);
		return 0;
	}
	stdout.write(form === "json" ? renderJson(content) : renderTable(content, stdout.columns));
	if (problems.length === 0) return 0;
	const error = form === "json" || problems.length === 1 ? listError(problems) : refusedAbove(problems.length);
	tell(renderError(error, {
		...view,
		verbose: output.verbose
	}));
	return 2;
}
/** The table has each of them. */
function refusedAbove(count) {
	return new OciSaveError({
		code: "list",
		message: `${count} entries of the image lists cannot be used: the table shows what is wrong`,
		hint: "A save would end here. Correct these lines, or take them out."
	});
}
// src/cli/forgotten-flag.ts
/**
* Refuses arguments that are files and look like files: `save images.txt` lacks `-f`, and would ask a registry for an image
* of that name. What has a registry, a tag or a digest is a reference, whatever lies in the folder.
* @throws OciSaveError `usage` that names the first one
*/
async function refuseFiles(references) {
	for (const text of references) {
		if (!looksLikeFile(text) || !await isThere(text)) continue;
		throw new OciSaveError({
			code: "usage",
			message: `${showText(text)}: a file of that name is here, and no image is named by it`,
			hint: hint`A list is given by ${option("imageList")}, in short -f.`
		});
	}
}
/**
* Refuses a command line without any image, such as `some-tool | oci-save save`: what is piped in is read where it is asked for.
* @throws OciSaveError `usage`
*/
function refuseNothing({ images, imageList }) {
	if (images.length > 0 || imageList.length > 0) return;
	throw new OciSaveError({
		code: "usage",
		message: "no image is given",
		hint: hint`Give images, or lists with ${option("imageList")}; - there is standard input.`
	});
}
/** Whatever the system says of a text that is no path, no file has that name. */
async function isThere(text) {
	try {
		return await isFile(text);
	} catch (error) {
		if (systemCodeOf(error) === void 0) throw error;
		return false;
	}
}
function looksLikeFile(text) {
	if (text.includes("\0")) return false;
	if (!isReference(text)) return true;
	return !namesRegistry(text) && !/[:@]/.test(text) && /\.[a-z]{1,5}$/.test(text);
}
// src/cli/lock-command.ts
/** Options of a save that decide the content of a lock, and those of its requests. */
const OPTIONS$2 = [
	"imageList",
	"listFormat",
	"vars",
	"defaultRegistry",
	"imageRules",
	"onCandidate",
	"expandTags",
	"ignore",
	"platforms",
	"onMissingPlatform",
	"index",
	"format",
	"source",
	"offline",
	"naming",
	"authFile",
	"credentials",
	"certsDir",
	"caFile",
	"insecureRegistries",
	"mirrors",
	"strictTags",
	"cacheDir",
	"cacheMaxSize",
	"retries",
	"skopeo"
];
const EXAMPLES$6 = `
Examples:
  oci-save lock -f images.txt > images.lock.json
  oci-save lock -f images.txt -o images.lock.json
`;
/** `oci-save lock`: resolves a list to digests and sizes, and copies nothing. */
function lockCommand(host, done) {
	return addFlags(new Command("lock").description("resolve a list to digests; nothing is copied").argument("[reference...]", "images to resolve, in addition to those in lists").option("-o, --output <file>", "the file of the lock (default: stdout)"), OPTIONS$2).addHelpText("after", EXAMPLES$6).action(async (images, { output: place, ...flags }) => {
		await refuseFiles(images);
		const { output, rest } = takeFlags(flags, host);
		const options = await parseFlags(rest, {
			images,
			dryRun: true
		}, host.stdin);
		refuseNothing(options);
		const file = typeof place === "string" ? path.resolve(place) : void 0;
		if (file !== void 0) refuseForeign(await foreignAt(file, LOCK_FILE_KIND));
		await runCommand(host, output, done, async (io) => {
			const { report, lock } = await save(options, {
				...io,
				lockOnly: true
			});
			const failed = report.failed.length > 0;
			return {
				failed,
				text: (view) => `\n${renderSummary(report, view)}`,
				warnings: (view) => renderWarnings$1(report, view),
				async write() {
					if (failed) return;
					if (file === void 0) host.stdout.write(encodeLock(lock));
					else await writeFileWhole(file, encodeLock(lock));
				}
			};
		});
	});
}
// src/cli/outputs.ts
/**
* Keeps a failing output from ending the process in the midst of its work. A reader that left, as `head` does (EPIPE), has
* read what it wanted: the exit code tells of the work alone. A result that cannot be written otherwise, to a full disk for
* example, is an error. What people read may be lost: nobody can be told.
* @returns waits until all is written; gives the exit code, which is that of the work or 1
*/
function watchOutputs({ stdout, stderr }) {
	let lost;
	stdout.on("error", (error) => {
		const code = systemCodeOf(error) ?? error.message;
		if (code !== "EPIPE") lost ??= code;
	});
	stderr.on("error", () => {});
	return async (exitCode) => {
		await written(stdout);
		if (lost !== void 0) stderr.write(`error: the result cannot be written to the standard output (${lost})\n`);
		await written(stderr);
		return lost === void 0 ? exitCode : Math.max(exitCode, 1);
	};
}
function written(output) {
	return new Promise((resolve) => void output.write("", () => resolve()));
}
// src/cli/push-command.ts
/** The options of a save that concern a push. */
const OPTIONS$1 = [
	"pushPolicy",
	"index",
	"authFile",
	"credentials",
	"certsDir",
	"caFile",
	"insecureRegistries",
	"parallel",
	"retries",
	"onError",
	"dryRun"
];
const EXAMPLES$5 = `
Examples:
  oci-save push oci-bundle registry.example:5000
  oci-save push oci-bundle.tar.001 registry.example:5000      read where it lies, without unpacking
  oci-save push oci-bundle registry.example:5000/mirror ghcr.io/acme --dry-run
  oci-save push oci-bundle 127.0.0.1:5000 --insecure-registries 127.0.0.1:5000
  oci-save push oci-bundle docker.io/acme@depth=2      names folded to acme/docker.io-library-busybox
  oci-save push oci-bundle registry.example:5000 --only 'quay.io/**' --naming quay.io/acme/=apps/

A name docker.io/library/busybox:1 goes to TARGET/docker.io/library/busybox:1, its digest as it is. --only takes globs over
such names: * within a part, ** over several. --naming gives other names, as in a save. A tag is written when
everything that it names is there; what is already there is not sent. Credentials are those of
docker login or podman login, or of --credentials.

Exit codes: 0 done, 1 an image or a target failed, 2 nothing was started, 130 and 143 interrupted.
`;
const STOPPED = "stopped; every tag that was written is complete, and the next push continues";
/** `oci-save push`: pushes a bundle on the disk, in a folder or an archive, into registries. */
function pushCommand(host, done) {
	return addFlags(new Command("push").description("push a bundle into zot or any registry, digest for digest").argument("<bundle>", "the folder or the archive that oci-save save wrote; of an archive in parts, any of them").argument("<target...>", "registry[:port][/prefix][@depth=N]").option("--only <glob>", "only images whose stored name matches; more of them add up", append).option("--naming <rule>", "names at the target: keep-domain, strip-domain, strip-library, FROM=TO; each adds names (default: as stored)", append).option("--wait <seconds>", "how long to wait for a target that does not respond yet", "60"), OPTIONS$1).addHelpText("after", EXAMPLES$5).action(async (bundle, push, { wait, only, ...flags }) => {
		const { output, rest } = takeFlags(flags, host);
		const waitMilliseconds = secondsOf(wait) * 1e3;
		const globs = Array.isArray(only) ? only.map(String) : [];
		const options = {
			...await parseFlags(rest, { push }, host.stdin),
			only: globs,
			bundle,
			waitMilliseconds
		};
		const work = async (io) => {
			const report = await pushBundle(options, io);
			return {
				failed: report.outcome === "failed",
				json: report,
				text: (view) => `\n${renderPushSummary(report, view)}`
			};
		};
		return runCommand(host, output, done, work, STOPPED);
	});
}
function secondsOf(wait) {
	const text = String(wait);
	if (/^\d{1,5}$/.test(text)) return Number(text);
	throw new OciSaveError({
		code: "usage",
		message: `--wait: '${text}' is not a number of seconds`
	});
}
// src/cli/release-command.ts
const EXAMPLES$4 = `
Examples:
  GH_TOKEN=$(gh auth token) oci-save release oci-bundle v1.2.3 --repository acme/site
  oci-save release oci-bundle v1.2.3 --dry-run
  oci-save release oci-bundle.tar.001 v1.2.3

The token comes from GH_TOKEN or GITHUB_TOKEN, the repository from --repository or GITHUB_REPOSITORY. The archive is
computed from the bundle and never written to the disk; it has the same bytes as the archive of oci-save save, and every
blob is hashed before anything is sent. What the release already has with the same digest is not sent again.
`;
/** Options of a save that this command has, too. */
const OPTIONS = [
	"archiveName",
	"splitSize",
	"releasePolicy",
	"retries",
	"dryRun"
];
/** `oci-save release`: a bundle or an archive as files of a release on GitHub. */
function releaseCommand(host, done) {
	return addFlags(new Command("release").description("upload a bundle or an archive to a release on GitHub").argument("<content>", "a bundle, an archive, or one of its parts").argument("<tag>", "the release; auto: the tag that the workflow runs for").option("--repository <owner/name>", "where the release is (default: GITHUB_REPOSITORY)"), OPTIONS).addHelpText("after", EXAMPLES$4).action((content, tag, { repository, ...flags }) => {
		const { output, rest } = takeFlags(flags, host);
		const where = typeof repository === "string" ? repository : void 0;
		const options = {
			...parseReleaseOptions(rest),
			content,
			tag,
			repository: where
		};
		return runCommand(host, output, done, async (io) => {
			const release = await releaseContent(options, io);
			return {
				failed: release.failure !== void 0,
				json: release,
				text: (view) => `\n${renderRelease(release, view)}`
			};
		});
	});
}
// src/cli/save-command.ts
const EXAMPLES$3 = `
Examples:
  oci-save save -f images.txt -p linux/amd64,linux/arm64 --archive tar
  oci-save save -f images.txt -o site-a --on-error warn
  oci-save save -f images.txt --archive tar --split-size 1900MiB
  GH_TOKEN=$(gh auth token) oci-save save -f images.txt --release v1.2.3
  oci-save save 'quay.io/acme/db:1 => registry.example/db:1' --dry-run
  oci-save save -f images.txt --push registry.example:5000/mirror
  some-tool --list-images | oci-save save -f -
  oci-save save -f images.lock.json --archive tar

Exit codes: 0 done, 1 an image, a digest, a target or the release failed, 2 nothing was started, 130 and 143
interrupted.
`;
/** `oci-save save`: the whole run. `done` gets the exit code. */
function saveCommand(host, done) {
	return addFlags(new Command("save").description("save images into a bundle that zot can serve without changes").argument("[reference...]", "images to save, in addition to those in lists")).addHelpText("after", EXAMPLES$3).action(async (images, flags) => {
		await refuseFiles(images);
		const { output, rest } = takeFlags(flags, host);
		const options = await parseFlags(rest, { images }, host.stdin);
		refuseNothing(options);
		return runCommand(host, output, done, async (io) => {
			const { report } = await save(options, io);
			return {
				failed: report.outcome === "failed",
				loud: report.outcome !== "done",
				json: report,
				text: (view) => `\n${renderSummary(report, view)}`,
				warnings: (view) => renderWarnings$1(report, view)
			};
		});
	});
}
// src/cli/serve-words.ts
/** More would scroll the commands out of sight. */
const MAX_NAMES$2 = 20;
/** What is served, what can be pulled and with which commands, in the words of kit/serve.sh. */
function servingWords({ content, server, program, images }, { hasKit, isOpen, shown }) {
	const listed = images.filter(({ name }) => !isOfReferrer(name));
	const others = images.length - listed.length;
	const by = server === "zot" ? "zot" : "the built-in registry";
	const first = (listed.find(({ kind }) => kind === "image") ?? listed[0])?.name;
	const rows = listed.slice(0, MAX_NAMES$2).map(({ name, digest, kind }) => {
		const suffix = kind === void 0 || kind === "image" ? "" : `  (${kind})`;
		return `  ${digest.slice(0, 19)}  ${plainText(`${shown}/${name}`)}${suffix}`;
	});
	return [
		`Serving ${formatCount(listed.length, "name")} at http://${shown} with ${by}, for pulls alone:`,
		"",
		...rows,
		...listed.length > MAX_NAMES$2 ? [`  and ${listed.length - MAX_NAMES$2} more: oci-save list ${shellWord(plainText(content))}, or serve --json`] : [],
		...others === 0 ? [] : [`  and ${formatCount(others, "tag")} of signatures and the like`],
		...first === void 0 ? [] : commandsFor(plainText(`${shown}/${first}`)),
		"",
		isOpen ? `This is plain HTTP: docker wants "${shown}" in its insecure-registries.` : "Only this machine reaches it. For others: --listen 0.0.0.0:5000",
		...first === void 0 ? [] : mirrorWords(plainText(first), shown, hasKit),
		"",
		...program === void 0 ? [] : [`zot is ${plainText(program)}`],
		"Ctrl-C ends it."
	];
}
/** Tags under which cosign and others keep what belongs to an image. */
function isOfReferrer(name) {
	return /:sha256-[0-9a-f]{64}(?:\.\w+)?$/.test(name);
}
function commandsFor(name) {
	return [
		"",
		"For example:",
		`  docker pull ${name}`,
		`  podman pull --tls-verify=false ${name}`,
		`  ctr images pull --plain-http ${name}`,
		`  skopeo copy --src-tls-verify=false docker://${name} oci:FOLDER`
	];
}
/** How a node finds an image by the name that it has elsewhere, without the address before it. */
function mirrorWords(name, address, hasKit) {
	if (hasKit) return ["Nodes pull by the names that images have elsewhere with what this writes:", `  sh kit/mirrors.sh ${address}`];
	const [host = ""] = name.split("/");
	if (!host.includes(".")) return [];
	return [
		`containerd pulls ${name} by that name with this as`,
		`/etc/containerd/certs.d/${host}/hosts.toml:`,
		`  [host."http://${address}/v2/${host}"]`,
		"    capabilities = [\"pull\", \"resolve\"]",
		"    override_path = true"
	];
}
// src/cli/damage-words.ts
/** More would scroll the result out of sight; the JSON has all. */
const MAX_SHOWN = 50;
/** Names below a damaged blob, and in a list. */
const MAX_NAMES$1 = 5;
/**
* What is wrong with a bundle: a line for each part, blob and file, and indented below it the images that need it, a line
* each. A blob that is wrong under several names is told once.
*/
function damageLines({ damaged, parts, broken, linksMissing }) {
	const lines = [];
	if (parts.length > 0) lines.push(`${formatCount(parts.length, "part")} to copy or download again:`, ...nameLines(parts.map(({ name, reason }) => `${name}: ${reason}`), MAX_SHOWN, "  "));
	if (broken !== void 0) lines.push(shortened(plainText(`the archive is damaged: ${broken}`)));
	const isUnlinked = (one) => linksMissing > 0 && blobHexIn(one.path) !== void 0 && isInRegistry(one);
	if (linksMissing > 0 && damaged.some(isUnlinked)) lines.push(...unlinkedLines(linksMissing));
	const all = [...Map.groupBy(damaged.filter((one) => !isUnlinked(one)), (one) => `${blobHexIn(one.path) ?? one.path} ${one.reason}`).values()];
	for (const group of all.slice(0, MAX_SHOWN)) lines.push(...groupLines(group));
	if (all.length > MAX_SHOWN) lines.push(`and ${formatCount(all.length - MAX_SHOWN, "more file")}: --json`);
	const concerned = [...new Set(damaged.filter((one) => !isUnlinked(one)).flatMap((one) => one.images))];
	if (concerned.length > 0) lines.push(`${formatCount(concerned.length, "image")} cannot be used:`, ...nameLines(concerned, MAX_SHOWN, "  "));
	return lines;
}
function groupLines(group) {
	const [first] = group;
	if (first === void 0) return [];
	const hex = blobHexIn(first.path);
	const images = [...new Set(group.flatMap((one) => one.images))];
	const needed = images.length === 0 ? [] : ["  needed by:", ...nameLines(images, MAX_NAMES$1, "    ")];
	if (hex === void 0) return [plainText(`${first.path}: ${first.reason}`), ...needed];
	const folders = group.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1));
	return [
		plainText(`blob sha256:${hex.slice(0, 12)}: ${first.reason}`),
		...nameLines(folders.map((folder) => `in ${folder}`), MAX_NAMES$1, "  "),
		...needed
	];
}
/** Twelve digits of a digest tell it from all others in a bundle. */
function shortened(text) {
	return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, "$1...");
}
function unlinkedLines(count) {
	return [
		`registry/: none of its ${formatCount(count, "blob")} is there, as where a disk knows no hard links`,
		"  zot finds no image in it; oci-save serve and kit/serve.sh serve it from blobs/",
		"  --without-links verifies the rest"
	];
}
/** The first names, each on its line, and how many more there are. */
function nameLines(names, most, indent) {
	const shown = names.slice(0, most).map((name) => indent + plainText(name));
	return names.length > most ? [...shown, `${indent}and ${names.length - most} more`] : shown;
}
function isInRegistry({ path }) {
	return path.startsWith("registry/");
}
// src/cli/serve-command.ts
const EXAMPLES$2 = `
Examples:
  oci-save serve oci-bundle
  oci-save serve oci-bundle --listen 0.0.0.0:5000
  oci-save serve app.tar                   an archive, or one of its parts: nothing is unpacked

zot serves it where there is one: the program of --zot, ZOT_BIN, or zot on PATH. The bundle is hashed before that,
since zot serves damaged blobs, too. Nothing is written into it: zot gets a folder of links, which goes at the end.

Otherwise, and with --built-in, a small registry serves it that answers pulls alone and hashes what it sends: for a look, a
test, a small site. It also reads archives. Both speak plain HTTP; kit/serve.sh starts zot with users and TLS.

Exit codes: 0 it was ended, 1 the bundle is damaged or zot failed, 2 nothing was started.
`;
/** `oci-save serve`: a bundle as a registry, by zot or the built-in one, until it is interrupted. */
function serveCommand(host, done) {
	return addFlags(new Command("serve").description("serve a bundle as a registry, by zot where there is one").argument("<bundle>", "a bundle, a folder with one layout per repository, an archive or one of its parts").option("--listen <address>", "host:port; port 0 selects a free port", "127.0.0.1:5000").option("--zot <program>", "the zot to serve with").option("--built-in", "serve it without zot").option("--no-verify", "do not hash the bundle before zot serves it"), []).addHelpText("after", EXAMPLES$2).action(async (bundle, given) => {
		const { output, rest } = takeFlags(given, host);
		const { name, port } = parseListen(textOf(rest["listen"]));
		const builtIn = rest["builtIn"] === true;
		const zot = textOf(rest["zot"]);
		if (builtIn && zot !== "") throw new OciSaveError({
			code: "usage",
			message: "--zot and --built-in exclude each other",
			hint: "Give one of them."
		});
		const hasKit = await exists$1(path.join(bundle, "kit", "mirrors.sh"));
		const reporter = reporterFor(host, output);
		const interruption = watchSignals(host, {
			message: "stopped; nothing was served",
			onForced: (text) => {
				reporter.stop();
				host.stderr.write(`error: ${text}\n`);
			}
		});
		const say = (line) => void host.stderr.write(`${line}\n`);
		let isServing = false;
		const onServing = (report) => {
			isServing = true;
			reporter.stop();
			host.stdout.write(`${output.json ? printableJson(report) : report.address}\n`);
			const place = {
				hasKit,
				isOpen: !/^(?:127\..*|::1|localhost)$/.test(name),
				shown: shownAddress(name, report)
			};
			if (!output.quiet) for (const line of servingWords(report, place)) say(line);
		};
		try {
			const damage = await serveBundle({
				bundle,
				host: name,
				port,
				zot,
				builtIn,
				check: rest["verify"] !== false
			}, {
				env: host.env,
				emit: reporter.emit,
				signal: interruption.signal,
				onServing,
				onRequest({ status, method, path: place, bytes, problem }) {
					if (!output.quiet) say(plainText(`${status} ${method} ${place} ${bytes}`));
					if (problem !== void 0) say(`error: ${plainText(problem)}`);
				}
			});
			reporter.stop();
			if (damage === void 0) return done(0);
			if (output.json) host.stdout.write(`${printableJson(damage)}\n`);
			for (const note of damage.notes) say(plainText(`note: ${note}`));
			for (const line of damageLines(damage)) say(line);
			say("it is not served: zot would serve what is damaged, too. --built-in leaves that out, --no-verify serves it all the same");
			done(1);
		} finally {
			reporter.stop();
			interruption.stop();
			if (!isServing) done(interruption.exitCode() ?? 0);
		}
	});
}
/** How others reach it, where it listens at all addresses. */
function shownAddress(host, { address }) {
	return ["0.0.0.0", "::"].includes(host) ? `${hostname()}${address.slice(address.lastIndexOf(":"))}` : address;
}
function textOf(flag) {
	return typeof flag === "string" ? flag : "";
}
function parseListen(text) {
	const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
	const port = Number(match?.[2]);
	if (match === null || port > 65535) throw new OciSaveError({
		code: "usage",
		message: `--listen: '${text}' is not an address`,
		hint: "Write host:port, for example 127.0.0.1:5000 or [::1]:5000."
	});
	return {
		name: (match[1] ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1"),
		port
	};
}
// src/cli/unpack-command.ts
const EXAMPLES$1 = `
Examples:
  oci-save unpack app.tar                          into the folder app
  oci-save unpack app.tar.001 -o /srv/bundle       the other parts are found beside it
  oci-save unpack /media/a/app.tar.001 /media/b/app.tar.002    parts on two media: one of each
  cat /media/usb/app.tar.* | oci-save unpack - -o /srv/bundle
  oci-save unpack app.tar -o /media/exfat/app --state /var/lib/app
  oci-save unpack new.tar --join /srv/bundle       the bundle that is served there gets its images, too
  oci-save unpack new.tar --swap /srv/site         a folder of its own in /srv/site/releases, and current leads to it

Every file is hashed while it is written, and compared with the bundle's lock; the folder appears when all of it is right.
What is there is never overwritten. Where a medium knows no hard links (FAT, exFAT), further names of a blob become copies:
how much room they take is told before anything is written. With --state they are left out, and a folder on another disk gets
links to the blobs: a root for zot ("gc": false) in a few KiB. All of it is on the disk when the command ends.

A registry that serves a site follows a join and a swap without restart; pulls go on. With --join the bundle that is joined
has a name that both have, whichever was saved first; what had it before stays by its digest. It is refused where the
registry takes pushes: there, oci-save push.
With --swap a registry serves current/registry; kit/update.sh --rollback goes back.

Exit codes: 0 done, 1 the archive is damaged and nothing is left, 2 nothing was started, 130 and 143 interrupted.
`;
/** `oci-save unpack`: a bundle's archive, its parts or a stream into a new folder, checked on the way. */
function unpackCommand(host, done) {
	return addFlags(new Command("unpack").description("unpack an archive into a new folder, checked on the way").argument("<archive...>", "an archive, its parts; - for an archive on standard input").option("-o, --output <folder>", "the folder to be made (default: the archive's name, here)").option("--join <site>", "add its images to those of the bundle that is served from this folder").option("--swap <site>", "unpack it into releases/ of this folder, and point current at it").option("--state <folder>", "make a folder for zot that points at the bundle's blobs, and no copies"), []).addHelpText("after", EXAMPLES$1).action((archive, flags) => {
		const { output, rest } = takeFlags(flags, host);
		const folder = typeof rest["output"] === "string" ? rest["output"] : "";
		const site = siteOf(rest, folder);
		const state = typeof rest["state"] === "string" ? rest["state"] : "";
		const work = async ({ emit, signal, stdin }) => {
			const report = await unpackBundle({
				archive,
				output: folder,
				site,
				state
			}, {
				emit,
				signal,
				stdin
			});
			return {
				failed: report.outcome === "damaged",
				json: report,
				text: ({ width }) => wrapLines(words$1(report), width)
			};
		};
		return runCommand(host, output, done, work, site?.how === "join" ? "stopped; all that was served is served on, and running it again goes on from here" : "stopped; nothing of it is left at the output");
	});
}
/** The site that has a bundle already; undefined where a new folder is made. */
function siteOf(flags, output) {
	const { join, swap, state } = flags;
	if (typeof state === "string" && state !== "" && (typeof join === "string" || typeof swap === "string")) throw new OciSaveError({
		code: "usage",
		message: "a state folder is made with a new folder, not at a site that has a bundle already",
		hint: "Leave --state out."
	});
	if ([
		output,
		join,
		swap
	].filter((one) => typeof one === "string" && one !== "").length > 1) throw new OciSaveError({
		code: "usage",
		message: "an archive goes to one place: into a new folder, or to a site by a join or a swap",
		hint: "Give one of --output, --join and --swap."
	});
	if (typeof join === "string") return {
		how: "join",
		folder: join
	};
	return typeof swap === "string" ? {
		how: "swap",
		folder: swap
	} : void 0;
}
function words$1(report) {
	const { archive, output, outcome, files, bytes, copies, foreign, joined, swapped, state } = report;
	if (outcome === "damaged") {
		const others = foreign.length === 0 ? [] : ["not of this bundle:", ...nameLines(foreign, 10, "  ")];
		return [
			...damageLines(report),
			...others,
			plainText(`${archive} was not unpacked: nothing of it is at ${output}`)
		];
	}
	if (joined !== void 0) return joinedWords(report, joined);
	if (swapped !== void 0) {
		const { release, before } = swapped;
		const was = before === void 0 || before === release ? "" : `; it was ${before}`;
		return [
			`${output}/current is release ${release} now${was}`,
			`A registry serves ${output}/current/registry`,
			...was === "" ? [] : [`Back: sh ${shellWord(`${output}/current/kit/update.sh`)} --rollback ${shellWord(output)}`]
		].map(plainText);
	}
	const copied = copies.files === 0 ? "" : `; ${formatCount(copies.files, "further name")} as copies, ${formatBytes(copies.bytes)} more`;
	return [`Unpacked ${archive} to ${output}: ${formatCount(report.images ?? 0, "image")}, ${formatCount(files, "file")}, ${formatBytes(bytes)}, all of it checked${copied}`, ...state === void 0 ? [] : [`${state} is the root for zot: it points at ${output}, and needs "gc": false`, `registry/ in ${output} has no blobs: oci-save verify --without-links checks the rest`]].map(plainText);
}
/** More would scroll the result out of sight; the JSON has all. */
const MAX_NAMES = 20;
function joinedWords({ archive, output }, joined) {
	const { added, moved, registries, blobs, bytes, copies } = joined;
	const lines = (what, names) => names.length === 0 ? [] : [`${what}:`, ...nameLines(names, MAX_NAMES, "  ")];
	if (added.length + moved.length + blobs === 0) return [plainText(`${output} has all of ${archive} already`)];
	const copied = copies === 0 ? "" : `, ${formatCount(copies, "further name")} as copies`;
	return [
		...lines("new", added),
		...lines("another image now; what it was stays by its digest", moved),
		...registries.length === 0 ? [] : [plainText(`registries that were not there before: ${registries.join(", ")}`)],
		plainText(`Joined ${archive} into ${output}: ${formatCount(added.length, "new name")}, ${moved.length} moved, ${formatCount(blobs, "blob")}, ${formatBytes(bytes)}${copied}`)
	];
}
// src/cli/verify-command.ts
const EXAMPLES = `
Examples:
  oci-save verify oci-bundle
  oci-save verify app.tar
  oci-save verify app.tar.001              the other parts are found beside it
  oci-save verify /media/a/app.tar.001 /media/b/app.tar.002    parts on two media: one of each
  cat /media/usb/app.tar.* | oci-save verify -
  oci-save verify --lock app.lock.json -   against a lock that came another way

Every file is hashed and compared with the bundle's lock, every blob under each of its names. Nothing is written, and no
network is needed. What is damaged is named with the images that need it, and the part that has to be copied again.

Exit codes: 0 all is whole, 1 something is damaged or missing, 2 it is not a bundle, 130 and 143 interrupted.
`;
/** `oci-save verify`: hashes all of a bundle, in a folder, an archive, its parts or a stream. */
function verifyCommand(host, done) {
	const command = new Command("verify").description("hash all of a bundle and compare it with its lock; names the images that damage concerns").argument("<content...>", "a bundle, an archive, its parts; - for an archive on standard input");
	command.option("--lock <file>", "the lock to compare with, where it lies elsewhere").option("--without-links", "the bundle was unpacked without the blobs below registry/");
	return addFlags(command, []).addHelpText("after", EXAMPLES).action((content, flags) => {
		const { output, rest } = takeFlags(flags, host);
		const lock = typeof rest["lock"] === "string" ? rest["lock"] : void 0;
		const withoutLinks = rest["withoutLinks"] === true;
		const work = async ({ emit, signal, stdin }) => {
			const report = await verifyBundle({
				content,
				lock,
				withoutLinks
			}, {
				emit,
				signal,
				stdin
			});
			return {
				failed: report.outcome === "damaged",
				json: report,
				text: ({ width }) => wrapLines(words(report), width)
			};
		};
		return runCommand(host, output, done, work, "stopped; nothing was changed");
	});
}
function words(report) {
	const { content, files, bytes, images, foreign, state, notes } = report;
	const lines = [...notes.map((note) => plainText(`note: ${note}`)), ...damageLines(report)];
	if (state.length > 0) lines.push("a server's own files, which may be lost:", ...nameLines(state, 10, "  "));
	if (foreign.length > 0) lines.push("not of this bundle, and not checked:", ...nameLines(foreign, 10, "  "));
	if (report.linksMissing > 0 && report.outcome === "whole") lines.push("note: registry/ has no blobs, as was said; oci-save serve takes them from blobs/");
	if (images === void 0) lines.push("note: a lock that lies elsewhere is named with --lock");
	const what = `${formatCount(files, "file")}, ${formatBytes(bytes)}`;
	lines.push(plainText(report.outcome === "whole" ? `Verified ${content}: ${formatCount(images ?? 0, "image")}, ${what}; all is whole` : `Verified ${content}: ${what}; ${verdictOf(report)}`));
	return lines;
}
function verdictOf({ damaged, parts }) {
	const counts = [...parts.length === 0 ? [] : [`${formatCount(parts.length, "part")} to bring again`], ...damaged.length === 0 ? [] : [`${formatCount(damaged.length, "file")} damaged or missing`]];
	return counts.length === 0 ? "the archive is damaged" : counts.join(", ");
}
// src/cli/main.ts
/** The command `oci-save`: reads arguments, runs one command, and prints how it ended. Returns the exit code. */
async function main(args, host) {
	return watchOutputs(host)(await runMain(args, host));
}
/** This is the only place that catches everything. */
async function runMain(args, host) {
	let exitCode = 0;
	const done = (code) => {
		exitCode = Math.max(exitCode, code);
	};
	const program = new Command("oci-save").description("Saves container images, digest for digest, for places without internet.").version(VERSION).configureOutput({
		writeOut: (text) => void host.stdout.write(text),
		writeErr: (text) => void host.stderr.write(text)
	}).exitOverride().showHelpAfterError("(oci-save --help lists the commands, oci-save <command> --help its options)");
	const commands = [
		saveCommand,
		lockCommand,
		listCommand,
		pushCommand,
		verifyCommand,
		unpackCommand,
		releaseCommand,
		serveCommand,
		cacheCommand
	];
	for (const make of commands) {
		const command = make(host, done).copyInheritedSettings(program);
		for (const inner of command.commands) inner.copyInheritedSettings(command);
		program.addCommand(command);
	}
	try {
		await program.parseAsync([...args], { from: "user" });
		return exitCode;
	} catch (error) {
		if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
		return Math.max(exitCode, report(error, args, host));
	}
}
function report(error, args, host) {
	const color = wantsColor(host, !args.includes("--no-color"));
	const text = renderError(error, {
		color,
		verbose: args.includes("--verbose"),
		width: host.stderr.columns
	});
	host.stderr.write(`${text}\n`);
	if (args.includes("--json") && error instanceof OciSaveError) host.stdout.write(`${printableJson({ error: errorForMachines(error) }, 0)}\n`);
	return exitCodeOf(error);
}
/** An error with all its faults one by one, of which people see the first fifty; hints are spelled as flags. */
function errorForMachines({ code, message, hint, details }) {
	const faults = details.map(({ hint: advice, ...fault }) => ({
		...fault,
		...advice === void 0 ? {} : { hint: spellHint(advice, asFlag) }
	}));
	return {
		code,
		message,
		...hint === void 0 ? {} : { hint },
		...faults.length === 0 ? {} : { details: faults }
	};
}
export { main };
