using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>The members on disk, one JSON line each, for a start while the registry is unreachable.</summary>
internal sealed partial class MemberFile(string path, TimeProvider time, ILogger logger)
{
    private const long MaxBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private byte[] _saved = [];
    private long _savedAt;
    private bool _failed;

    /// <summary>The members that an earlier start saved, without those that the configuration does not list any more.</summary>
    public IReadOnlyList<MemberRecord> Load(MembershipConfig config) =>
        [
            .. Load()
                .Where(member =>
                    !config.Is(MembershipProviders.Static) || config.Members.GetValueOrDefault(member.Id)?.Address == member.Address
                ),
        ];

    /// <summary>The members that an earlier start saved; they may be gone by now.</summary>
    public IReadOnlyList<MemberRecord> Load()
    {
        try
        {
            if (!File.Exists(path))
            {
                return [];
            }

            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new IOException($"it is larger than {MaxBytes} bytes.");
            }

            var lines = File.ReadAllLines(path);
            IReadOnlyList<MemberRecord> members = [.. lines.Select(HelloLine.ReadKept).OfType<MemberRecord>()];
            if (members.Count < lines.Length)
            {
                Log.Damaged(logger, path, lines.Length - members.Count, lines.Length);
            }

            return members;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception.Message);
            return [];
        }
    }

    /// <summary>
    /// Writes the members unless nothing has changed or the file was written a moment ago; the caller calls again at its next pass.
    /// </summary>
    public void Save(IEnumerable<MemberRecord> members)
    {
        if (_savedAt != 0 && time.GetElapsedTime(_savedAt) < _pause)
        {
            return;
        }

        byte[] lines =
        [
            .. members
                .OrderBy(static member => member.Id, StringComparer.Ordinal)
                .SelectMany(static member => HelloLine.Write(member with { State = MemberState.Up })),
        ];
        if (lines.AsSpan().SequenceEqual(_saved))
        {
            return;
        }

        try
        {
            File.WriteAllBytes($"{path}.new", lines);
            File.Move($"{path}.new", path, overwrite: true);
            if (_failed)
            {
                Log.Written(logger, path);
            }

            (_saved, _savedAt, _failed) = (lines, time.GetTimestamp(), false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
            {
                Log.Unwritable(logger, path, exception.Message);
            }

            _failed = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Path} cannot be read, so no member is known until the registry or the members answer: {Reason}")]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(
            LogLevel.Warning,
            "{Path}: {Damaged} of its {Lines} lines are damaged, so those members are not known until they answer."
        )]
        public static partial void Damaged(ILogger logger, string path, int damaged, int lines);

        [LoggerMessage(LogLevel.Information, "{Path} can be written again, and is.")]
        public static partial void Written(ILogger logger, string path);

        [LoggerMessage(
            LogLevel.Warning,
            "{Path} cannot be written, so a restart does not know the members until the registry or the members answer: {Reason}"
        )]
        public static partial void Unwritable(ILogger logger, string path, string reason);
    }
}
