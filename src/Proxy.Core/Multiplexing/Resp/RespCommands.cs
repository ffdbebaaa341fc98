using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace Proxy.Multiplexing.Resp;

/// <summary>Which commands only read, and which are refused on a shared connection.</summary>
internal static class RespCommands
{
    /// <summary>The length in bytes beyond which a word is no name of a command that is known here.</summary>
    public const int MaxName = 32;

    // What depends on its arguments is in OfArguments.
    private static readonly FrozenDictionary<string, RespCommand> _byName = Table(
        (RespCommand.Read, "GET MGET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS BITFIELD_RO LCS EXISTS TYPE TTL PTTL EXPIRETIME"),
        (RespCommand.Read, "PEXPIRETIME KEYS SCAN RANDOMKEY DBSIZE DUMP OBJECT SORT_RO HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS"),
        (RespCommand.Read, "HSTRLEN HSCAN HRANDFIELD HTTL HPTTL HEXPIRETIME HPEXPIRETIME LRANGE LINDEX LLEN LPOS SMEMBERS SISMEMBER"),
        (RespCommand.Read, "SMISMEMBER SCARD SRANDMEMBER SINTER SINTERCARD SUNION SDIFF SSCAN ZSCORE ZMSCORE ZRANK ZREVRANK ZRANGE"),
        (RespCommand.Read, "ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZCARD ZCOUNT ZLEXCOUNT ZRANDMEMBER"),
        (RespCommand.Read, "ZSCAN ZUNION ZINTER ZINTERCARD ZDIFF XLEN XRANGE XREVRANGE XREAD XPENDING XINFO GEODIST GEOHASH GEOPOS"),
        (RespCommand.Read, "GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO EVAL_RO EVALSHA_RO FCALL_RO PUBSUB PING ECHO TIME INFO ROLE"),
        (RespCommand.Read, "LASTSAVE COMMAND LOLWUT HELLO"),
        (RespCommand.Refused, "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC REPLCONF"),
        (RespCommand.Refused, "BLPOP BRPOP BLMOVE BLMPOP BRPOPLPUSH BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF"),
        (RespCommand.Refused, "MULTI EXEC DISCARD WATCH UNWATCH AUTH SELECT RESET CLIENT READONLY READWRITE ASKING SHUTDOWN"),
        (RespCommand.Quit, "QUIT"),
        (RespCommand.Foreign, "POST HOST:")
    );

    // What tells something; the others change this connection, or keep other clients of the server waiting.
    private static readonly FrozenSet<string> _clientRequests = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "ID",
        "INFO",
        "LIST",
        "GETNAME",
        "GETREDIR",
        "TRACKINGINFO",
        "HELP"
    );

    /// <summary>Classifies a request.</summary>
    public static RespCommand Of(ReadOnlySpan<byte> request)
    {
        var arguments = new RespArguments(request, stackalloc byte[MaxName + 1]);
        if (!arguments.TryRead(out var name))
        {
            return arguments.IsInvalid ? RespCommand.Invalid : RespCommand.None;
        }

        var command = OfArguments(name, Find(name), request);
        while (arguments.IsInline && arguments.TryRead(out _)) { }
        return arguments.IsInvalid ? RespCommand.Invalid : command;
    }

    /// <summary>Writes the name of a command in upper case, and of what makes it refused; only letters and digits of it.</summary>
    /// <param name="request">A request that is refused.</param>
    /// <param name="target">Takes the name, of at most twice <see cref="MaxName"/> bytes and a space.</param>
    /// <returns>The length of the name.</returns>
    public static int WriteName(ReadOnlySpan<byte> request, Span<byte> target)
    {
        var arguments = new RespArguments(request, stackalloc byte[MaxName]);
        if (!arguments.TryRead(out var name))
        {
            return 0;
        }

        var (hasWord, blocks) = (Is(name, "CLIENT") || Is(name, "SCRIPT"), Is(name, "XREAD") || Is(name, "XREADGROUP"));
        var length = WriteWord(name, target);
        return blocks ? length + WriteMore("BLOCK"u8, target[length..])
            : hasWord && arguments.TryRead(out var more) ? length + WriteMore(more, target[length..])
            : length;
    }

    private static RespCommand OfArguments(ReadOnlySpan<byte> name, RespCommand command, ReadOnlySpan<byte> request)
    {
        var arguments = new RespArguments(request, stackalloc byte[MaxName + 1]);
        arguments.TryRead(out _); // the name
        if (Is(name, "XREAD") || Is(name, "XREADGROUP"))
        {
            return Blocks(arguments) ? RespCommand.Refused : command;
        }

        var hasFirst = arguments.TryRead(out var first);
        return Is(name, "CLIENT") && IsIn(_clientRequests, first) ? RespCommand.Other
            : Is(name, "SELECT") && first.SequenceEqual("0"u8) ? RespCommand.Other
            : Is(name, "SCRIPT") && Is(first, "DEBUG") ? RespCommand.Refused
            : Is(name, "HELLO") && hasFirst && (!first.SequenceEqual("2"u8) || arguments.TryRead(out _)) ? RespCommand.Hello
            : command;
    }

    // The options stand before the names of the streams. The names of a group and of its consumer may be words of options.
    private static bool Blocks(RespArguments arguments)
    {
        while (arguments.TryRead(out var argument) && !Is(argument, "STREAMS"))
        {
            if (Is(argument, "BLOCK"))
            {
                return true;
            }

            if (Is(argument, "GROUP"))
            {
                arguments.TryRead(out _);
                arguments.TryRead(out _);
            }
        }

        return false;
    }

    private static RespCommand Find(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[MaxName];
        return
            TryDecode(name, text, out var length)
            && _byName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text[..length], out var command)
            ? command
            : RespCommand.Other;
    }

    private static bool IsIn(FrozenSet<string> names, ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[MaxName];
        return TryDecode(name, text, out var length) && names.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text[..length]);
    }

    private static bool TryDecode(ReadOnlySpan<byte> name, Span<char> text, out int length) =>
        Ascii.ToUtf16(name, text, out length) == OperationStatus.Done;

    private static bool Is(ReadOnlySpan<byte> word, string name) => Ascii.EqualsIgnoreCase(word, name);

    private static int WriteWord(ReadOnlySpan<byte> word, Span<byte> target)
    {
        var length = 0;
        foreach (var octet in word[..Math.Min(word.Length, MaxName)])
        {
            target[length++] = (byte)(char.IsAsciiLetterOrDigit((char)octet) ? char.ToUpperInvariant((char)octet) : '?');
        }

        return length;
    }

    private static int WriteMore(ReadOnlySpan<byte> word, Span<byte> target)
    {
        target[0] = (byte)' ';
        return 1 + WriteWord(word, target[1..]);
    }

    private static FrozenDictionary<string, RespCommand> Table(params (RespCommand Command, string Names)[] rows) =>
        rows.SelectMany(static row => row.Names.Split(' ').Select(name => KeyValuePair.Create(name, row.Command)))
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
}
