using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text;

namespace Proxy.Multiplexing.Memcached;

/// <summary>A command line: what kind of command it is, and what follows.</summary>
internal readonly record struct MemcachedCommand
{
    /// <summary>The longest line that a server reads of a command that does not get values, in bytes.</summary>
    public const int MaxLine = 2048;

    /// <summary>The longest key in bytes.</summary>
    public const int MaxKey = 250;

    private const int MaxName = 16;
    private const int MaxFlags = 16;

    private static readonly FrozenDictionary<string, MemcachedKind> _kinds = Table(
        (MemcachedKind.Get, "get gets"),
        (MemcachedKind.GetAndTouch, "gat gats"),
        (MemcachedKind.Store, "set add replace append prepend cas"),
        (MemcachedKind.Count, "incr decr"),
        (MemcachedKind.Delete, "delete"),
        (MemcachedKind.Touch, "touch"),
        (MemcachedKind.Stats, "stats"),
        (MemcachedKind.Version, "version"),
        (MemcachedKind.Confirm, "flush_all verbosity"),
        (MemcachedKind.Line, "cache_memlimit slabs lru lru_crawler"),
        (MemcachedKind.MetaGet, "mg"),
        (MemcachedKind.MetaSet, "ms"),
        (MemcachedKind.MetaDelete, "md"),
        (MemcachedKind.MetaCount, "ma"),
        (MemcachedKind.MetaNoop, "mn"),
        (MemcachedKind.MetaDebug, "me"),
        (MemcachedKind.Quit, "quit"),
        (MemcachedKind.Refused, "watch shutdown")
    );

    public MemcachedKind Kind { get; private init; }

    /// <summary>Whether it is refused on a shared connection.</summary>
    public bool IsRefused { get; private init; }

    /// <summary>Whether it only reads.</summary>
    public bool IsSafe { get; private init; }

    /// <summary>Whether the client has asked for no reply.</summary>
    public bool HasNoReply { get; private init; }

    /// <summary>The length of the data block behind the line, without CR LF; -1 if there is none.</summary>
    public long Data { get; private init; }

    /// <summary>What is wrong; null if nothing is.</summary>
    public string? Error { get; private init; }

    /// <summary>Whether the line may be longer than <see cref="MaxLine"/>.</summary>
    public static bool MayBeLong(ReadOnlySpan<byte> line) => line.StartsWith("get "u8) || line.StartsWith("gets "u8);

    /// <summary>Reads a command line.</summary>
    /// <param name="line">The line without its end.</param>
    public static MemcachedCommand Read(ReadOnlySpan<byte> line)
    {
        var words = new MemcachedWords(line);
        var name = words.Next();
        var kind = KindOf(name);
        var plain = new MemcachedCommand { Kind = kind, Data = -1 };
        return kind switch
        {
            MemcachedKind.Unknown or MemcachedKind.Refused => plain with { IsRefused = true },
            MemcachedKind.Get or MemcachedKind.Version or MemcachedKind.MetaNoop or MemcachedKind.MetaDebug => plain with { IsSafe = true },
            MemcachedKind.Store => ReadStore(plain, words, hasVersion: name.SequenceEqual("cas"u8)),
            MemcachedKind.MetaSet => ReadMetaSet(plain, words),
            MemcachedKind.MetaGet or MemcachedKind.MetaDelete or MemcachedKind.MetaCount => ReadMeta(plain, words),
            MemcachedKind.Stats => plain with
            {
                IsSafe = words.Next() is var what && !what.SequenceEqual("reset"u8) && !what.SequenceEqual("detail"u8),
            },
            MemcachedKind.Line => plain with { IsRefused = name.SequenceEqual("lru_crawler"u8) && IsDump(words.Next()) },
            MemcachedKind.Delete or MemcachedKind.Count or MemcachedKind.Touch => plain with
            {
                HasNoReply = AsksForNoReply(words, least: 2, most: 3),
            },
            MemcachedKind.Confirm => plain with { HasNoReply = AsksForNoReply(words, least: 1, most: 2) },
            _ => plain,
        };
    }

    /// <summary>Reads the length of a data block.</summary>
    /// <returns>The length; -1 if it is none.</returns>
    public static long ReadLength(ReadOnlySpan<byte> word) =>
        word.Length <= 10 && IsDigits(word) && Utf8Parser.TryParse(word, out long length, out _) ? length : -1;

    // A server takes the block of a line that it cannot read for commands, so all of the line is checked.
    private static MemcachedCommand ReadStore(MemcachedCommand plain, MemcachedWords words, bool hasVersion)
    {
        var key = words.Next();
        var flags = words.Next();
        var time = words.Next();
        var data = ReadLength(words.Next());
        var version = hasVersion ? words.Next() : "0"u8;
        var last = words.Next();
        return
            key.Length is 0 or > MaxKey
            || !IsDigits(flags)
            || !Utf8Parser.TryParse(flags, out uint _, out _)
            || !IsDigits(time is [(byte)'-', ..] ? time[1..] : time)
            || !Utf8Parser.TryParse(time, out int _, out _)
            || data < 0
            || !IsDigits(version)
            || !Utf8Parser.TryParse(version, out ulong _, out _)
            || words.Next().Length > 0
            ? plain with
            {
                Error = "A command to store is not a key, flags, a time and a length.",
            }
            : plain with
            {
                Data = data,
                HasNoReply = last.SequenceEqual("noreply"u8),
            };
    }

    private static MemcachedCommand ReadMetaSet(MemcachedCommand plain, MemcachedWords words)
    {
        var key = words.Next();
        var data = ReadLength(words.Next());
        return key.Length is 0 or > MaxKey || data < 0 || CountOf(words) > MaxFlags
            ? plain with
            {
                Error = "A command to store is not a key, a length and flags.",
            }
            : plain with
            {
                Data = data,
                IsRefused = HasFlag(words, "q"u8),
            };
    }

    private static int CountOf(MemcachedWords words)
    {
        var count = 0;
        while (!words.Next().IsEmpty)
        {
            count++;
        }

        return count;
    }

    private static MemcachedCommand ReadMeta(MemcachedCommand plain, MemcachedWords words)
    {
        words.Next();
        return plain with { IsRefused = HasFlag(words, "q"u8), IsSafe = plain.Kind == MemcachedKind.MetaGet && !HasFlag(words, "NRTE"u8) };
    }

    private static bool HasFlag(MemcachedWords words, ReadOnlySpan<byte> flags)
    {
        for (var flag = words.Next(); !flag.IsEmpty; flag = words.Next())
        {
            if (flags.Contains(flag[0]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDump(ReadOnlySpan<byte> what) => what.SequenceEqual("metadump"u8) || what.SequenceEqual("mgdump"u8);

    // With more or fewer words a server answers with an error.
    private static bool AsksForNoReply(MemcachedWords words, int least, int most)
    {
        var count = 0;
        ReadOnlySpan<byte> last = [];
        for (var word = words.Next(); !word.IsEmpty; word = words.Next())
        {
            last = word;
            count++;
        }

        return count >= least && count <= most && last.SequenceEqual("noreply"u8);
    }

    private static bool IsDigits(ReadOnlySpan<byte> word) => !word.IsEmpty && !word.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static MemcachedKind KindOf(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[MaxName];
        return
            Ascii.ToUtf16(name, text, out var length) == OperationStatus.Done
            && _kinds.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out var kind)
            ? kind
            : MemcachedKind.Unknown;
    }

    private static FrozenDictionary<string, MemcachedKind> Table(params (MemcachedKind Kind, string Names)[] rows) =>
        rows.SelectMany(static row => row.Names.Split(' ').Select(name => KeyValuePair.Create(name, row.Kind)))
            .ToFrozenDictionary(StringComparer.Ordinal);
}
