import { hexOf } from '../../oci/digest.ts';
import type { PartsList } from '../parts-list.ts';

/**
 * A text as an expression of PowerShell, in ASCII alone: PowerShell 5.1 reads a file without a byte-order mark in the
 * system's code page. So a typographic quote, which would end a quoted text as ' does, is written as a number, too.
 */
function literal(text: string): string {
  const pieces = text.match(/[ -~]+|[\u0000-\u001F\u007F-\uFFFF]/g) ?? [''];
  const written = pieces.map((piece) =>
    /^[ -~]/.test(piece)
      ? `'${piece.replaceAll("'", "''")}'`
      : `[char]0x${piece.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  // What the first operand is decides what + does: a text joins, two characters would be added.
  if (written.length > 1 && written[0]?.startsWith("'") !== true) written.unshift("''");
  return written.length === 1 && written[0]?.startsWith("'") === true
    ? written[0]
    : `(${written.join(' + ')})`;
}

/**
 * `N.join.ps1`: `N.join.sh` for PowerShell 5.1, which every Windows has, and 7. It uses no module and nothing that is not
 * in both, and holds 1 MiB of a part at a time.
 */
export function powershellScript({ archive, parts }: PartsList): string {
  const rows = parts.map(
    ({ name, size, digest }) => `  @{ Name = ${literal(name)}; Size = ${size}; Sha256 = '${hexOf(digest)}' }`,
  );
  return `# Joins ${parts.length} parts: powershell -ExecutionPolicy Bypass -File THIS-SCRIPT [FILE]
# FILE is what they are joined to, or a folder for it; without it, the archive stands beside the parts. An archive that is
# there already is checked, any other file of that name is left alone.
param([string] $Target = '', [switch] $Help)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$archive = ${literal(archive.name)}
$archiveSize = ${archive.size}
$archiveSha256 = '${hexOf(archive.digest)}'
$parts = @(
${rows.join('\n')}
)

function Write-Fault([string] $text) {
  $Host.UI.WriteErrorLine($text)
}

# What comes after this.
function Write-NextSteps([string] $path) {
  Write-Host 'Then unpack it into a new folder, where README.txt tells what comes next:'
  Write-Host "  mkdir images; tar -C images -xf '$($path.Replace("'", "''"))'"
}

function New-Sha256 {
  # Where a policy admits validated algorithms alone, .NET Framework below 4.8 refuses the first.
  try { [Security.Cryptography.SHA256]::Create() }
  catch { New-Object Security.Cryptography.SHA256CryptoServiceProvider }
}

function Complete-Hash($sha256) {
  [void] $sha256.TransformFinalBlock($buffer, 0, 0)
  [BitConverter]::ToString($sha256.Hash).Replace('-', '').ToLowerInvariant()
  $sha256.Dispose()
}

$buffer = New-Object byte[] 1048576

# Reads a file from its start to its end into a hash, and into another file where one is given.
function Read-File([string] $path, $sha256, $sink) {
  $source = New-Object IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::Read)
  try {
    while (($count = $source.Read($buffer, 0, $buffer.Length)) -gt 0) {
      [void] $sha256.TransformBlock($buffer, 0, $count, $buffer, 0)
      if ($null -ne $sink) { $sink.Write($buffer, 0, $count) }
    }
  }
  finally { $source.Dispose() }
}

function Get-Sha256([string] $path) {
  $sha256 = New-Sha256
  Read-File $path $sha256 $null
  Complete-Hash $sha256
}

# Why a file is not the one that was written; nothing where it is.
function Find-Fault([string] $path, [long] $size, [string] $expected) {
  if (-not [IO.File]::Exists($path)) { return 'is missing: copy it here' }
  try {
    $has = (New-Object IO.FileInfo($path)).Length
    if ($has -ne $size) { return "has $has bytes instead of \${size}: it was cut on the way, or is of another archive: copy it again" }
    if ((Get-Sha256 $path) -cne $expected) { return 'is damaged, or of another archive: copy it again' }
  }
  catch { return 'cannot be read: ' + $_.Exception.Message }
}

if ($Help -or $Target -ceq '--help' -or $Target -eq '/?') {
  Write-Host 'Usage: powershell -ExecutionPolicy Bypass -File THIS-SCRIPT [FILE | FOLDER]'
  Write-Host "Checks the $($parts.Count) parts that stand beside it, and joins them: $archiveSize bytes, as FILE, or in"
  Write-Host 'FOLDER, or beside the parts.'
  Write-NextSteps $archive
  exit 0
}
if ($args.Count -gt 0) {
  Write-Fault 'Usage: powershell -ExecutionPolicy Bypass -File THIS-SCRIPT [FILE]'
  exit 2
}

$folder = $PSScriptRoot
if ($Target -eq '') { $Target = [IO.Path]::Combine($folder, $archive) }
# .NET has a working directory of its own.
$Target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Target)
if ([IO.Directory]::Exists($Target)) { $Target = [IO.Path]::Combine($Target, $archive) }

if ([IO.File]::Exists($Target)) {
  if ($null -eq (Find-Fault $Target $archiveSize $archiveSha256)) {
    Write-Host "$Target is there already, and is the whole archive"
    Write-NextSteps $Target
    exit 0
  }
  Write-Fault "$Target is there already, and is not this archive: move it away, or name another file. Nothing was joined"
  exit 1
}

$faults = 0
$done = 0
foreach ($part in $parts) {
  Write-Progress -Activity 'Checking parts' -Status $part.Name -PercentComplete (100 * $done / $parts.Count)
  $fault = Find-Fault ([IO.Path]::Combine($folder, $part.Name)) $part.Size $part.Sha256
  if ($null -ne $fault) {
    Write-Fault ($part.Name + ' ' + $fault)
    $faults++
  }
  $done++
}
Write-Progress -Activity 'Checking parts' -Completed
if ($faults -gt 0) {
  Write-Fault "$faults of $($parts.Count) parts cannot be used; nothing was joined"
  exit 1
}

$names = @($parts | ForEach-Object { $_.Name })
foreach ($file in [IO.Directory]::GetFiles($folder)) {
  $name = [IO.Path]::GetFileName($file)
  $isPart = $name.StartsWith($archive, [StringComparison]::Ordinal) -and $name.Substring($archive.Length) -match '^[.][0-9]{3}$'
  if ($isPart -and $names -notcontains $name) { Write-Fault "$name is no part of this archive; it is left out" }
}

$unfinished = "$Target.unfinished"
if ([IO.File]::Exists($unfinished)) {
  Write-Fault "$unfinished is there already: where no other run is writing it, remove it. Nothing was joined"
  exit 1
}
$sink = $null
$isDone = $false
try {
  $sink = New-Object IO.FileStream($unfinished, [IO.FileMode]::CreateNew, [IO.FileAccess]::Write, [IO.FileShare]::None)
  $sha256 = New-Sha256
  $done = 0
  foreach ($part in $parts) {
    Write-Progress -Activity 'Joining parts' -Status $part.Name -PercentComplete (100 * $done / $parts.Count)
    Read-File ([IO.Path]::Combine($folder, $part.Name)) $sha256 $sink
    $done++
  }
  Write-Progress -Activity 'Joining parts' -Completed
  $sink.Dispose()
  if ((Complete-Hash $sha256) -cne $archiveSha256 -or (Get-Sha256 $unfinished) -cne $archiveSha256) {
    throw 'the file would not be what was saved, it was damaged while it was joined'
  }
  [IO.File]::Move($unfinished, $Target)
  $isDone = $true
}
catch {
  Write-Fault "$Target could not be joined: $($_.Exception.Message) $archiveSize bytes are needed there"
}
finally {
  if ($null -ne $sink) {
    $sink.Dispose()
    if (-not $isDone) { [IO.File]::Delete($unfinished) }
  }
}
if (-not $isDone) { exit 1 }
Write-Host "\${Target}: $archiveSize bytes, sha256 $archiveSha256"
Write-NextSteps $Target
`;
}
