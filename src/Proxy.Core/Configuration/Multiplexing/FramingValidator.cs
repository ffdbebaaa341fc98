using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Checks declared framings, and the sections beside them.</summary>
internal static class FramingValidator
{
    private const string Kinds = "LengthField, Delimiter, FixedLength or IdleGap";

    /// <summary>Checks the sections Framing, Correlation, NoReplyWhen and Unsolicited together.</summary>
    /// <param name="config">The section that contains them.</param>
    /// <param name="path">The path of that section.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(ClusterMultiplexConfig config, string path, ProblemList problems)
    {
        var framing = config.Framing;
        if (framing is not null)
        {
            CheckFraming(framing, $"{path}:Framing", problems);
        }

        if (config.Correlation is { IsNone: false } correlation)
        {
            CheckCorrelation(correlation, framing, path, problems);
        }

        if (config.NoReplyWhen is [])
        {
            problems.Consequence($"{path}:NoReplyWhen", "is empty; write a condition, or leave it out.");
        }

        for (var index = 0; index < config.NoReplyWhen?.Count; index++)
        {
            // A single one may stand without the list.
            var place = config.NoReplyWhen.Count == 1 ? $"{path}:NoReplyWhen" : $"{path}:NoReplyWhen:{index}";
            CheckNoReply(config.NoReplyWhen[index], framing, place, path, problems);
        }

        if (config.Unsolicited is { } unsolicited)
        {
            CheckPattern(unsolicited.Offset, unsolicited.EqualTo, framing, "Unsolicited", path, problems);
        }
    }

    private static void CheckNoReply(NoReplyWhenConfig rule, FramingConfig? framing, string place, string path, ProblemList problems)
    {
        (string Key, string? Text, int Offset)[] conditions =
        [
            ("Equals", rule.EqualTo, rule.Offset ?? 0),
            ("StartsWith", rule.StartsWith, 0),
            ("Contains", rule.Contains, 0),
            ("NotContains", rule.NotContains, 0),
        ];
        if (conditions.All(static condition => condition.Text is null))
        {
            problems.Consequence(place, "has no condition; write Equals with Offset, StartsWith, Contains or NotContains.", place);
            return;
        }

        if ((rule.EqualTo is null) == (rule.Offset is not null))
        {
            problems.Consequence(
                $"{place}:Offset",
                rule.EqualTo is null
                    ? "is the position of Equals, and there is none; leave it out."
                    : "is required beside Equals; write the position, or StartsWith instead of Equals.",
                $"{place}:Equals"
            );
        }

        foreach (var (key, text, offset) in conditions.Where(static condition => condition.Text is not null))
        {
            CheckBytes(text!, $"{place}:{key}", problems, out var bytes);
            CheckWithin(offset + bytes.Length, framing, place, path, problems, offset > 0 ? "a smaller Offset" : "fewer bytes");
        }
    }

    private static void CheckPattern(int offset, string text, FramingConfig? framing, string key, string path, ProblemList problems)
    {
        CheckBytes(text, $"{path}:{key}:Equals", problems, out var bytes);
        CheckWithin(offset + bytes.Length, framing, $"{path}:{key}", path, problems);
    }

    private static void CheckFraming(FramingConfig framing, string path, ProblemList problems)
    {
        var kinds = Declared(framing).ToList();
        if (kinds.Count == 0)
        {
            problems.Consequence(path, $"declares no framing; write one of {Kinds}.", path);
        }
        else if (kinds.Count > 1)
        {
            problems.Consequence(
                path,
                $"declares {string.Join(" and ", kinds)}; keep one of them.",
                [.. kinds.Select(kind => $"{path}:{kind}")]
            );
        }

        if (framing.LengthField is { } field)
        {
            CheckLengthField(field, $"{path}:LengthField", problems);
        }

        if (framing.Delimiter is { } delimiter)
        {
            CheckBytes(delimiter.Bytes, $"{path}:Delimiter:Bytes", problems, out var bytes);
            CheckFits(bytes.Length, delimiter.MaxBytes, $"{path}:Delimiter", "Bytes", problems);
        }

        if (framing.Checksum is { } checksum)
        {
            CheckChecksum(checksum, framing, $"{path}:Checksum", problems);
        }
    }

    private static void CheckChecksum(ChecksumConfig checksum, FramingConfig framing, string path, ProblemList problems)
    {
        var hasOneByte = ChecksumSize.OfValue(checksum.Algorithm) == 1;
        var delimiter = framing.Delimiter is { } ends && ByteText.TryParse(ends.Bytes, out var bytes, out _) ? bytes.Length : 0;
        var trailer = checksum.Trailer ?? delimiter;
        var last = trailer + ChecksumSize.Written(checksum);
        if (trailer < delimiter)
        {
            problems.Consequence(
                $"{path}:Trailer",
                $"{trailer} is less than the {delimiter} bytes of the Delimiter, which are the last; write at least that, or leave it out.",
                $"{path}:Trailer"
            );
        }

        if (checksum.End < last)
        {
            problems.Consequence(
                $"{path}:End",
                $"{checksum.End} is less than the {last} bytes of the checksum and what is behind it; write at least that, or leave it out.",
                $"{path}:Trailer"
            );
        }

        if (hasOneByte && checksum.Endian is not null)
        {
            problems.Consequence($"{path}:Endian", $"'{checksum.Algorithm}' has one byte; leave it out.", $"{path}:Algorithm");
        }

        if (hasOneByte && framing.IdleGap is not null)
        {
            problems.Consequence(
                $"{path}:Algorithm",
                $"'{checksum.Algorithm}' of one byte fits parts of a message by chance, and with IdleGap nothing else tells its end; leave Checksum out.",
                $"{path}:Algorithm"
            );
        }

        var shortest = checksum.Start + 1 + (checksum.End ?? last);
        if (Longest(framing) < shortest)
        {
            problems.Consequence(
                path,
                $"needs messages of at least {shortest} bytes, but they have at most {Longest(framing)}; write a smaller Start, End or Trailer.",
                path
            );
        }
    }

    private static IEnumerable<string> Declared(FramingConfig framing)
    {
        (string Key, object? Block)[] kinds =
        [
            ("LengthField", framing.LengthField),
            ("Delimiter", framing.Delimiter),
            ("FixedLength", framing.FixedLength),
            ("IdleGap", framing.IdleGap),
        ];
        return kinds.Where(static kind => kind.Block is not null).Select(static kind => kind.Key);
    }

    private static void CheckLengthField(LengthFieldConfig field, string path, ProblemList problems)
    {
        var largest = field.Encoding switch
        {
            LengthEncoding.Ascii => 18,
            LengthEncoding.Hex => 16,
            _ => 8,
        };
        if (field.Size > largest)
        {
            problems.Consequence(
                $"{path}:Size",
                $"{field.Size} is out of range; with encoding '{field.Encoding}' 1 to {largest} is allowed.",
                $"{path}:Encoding"
            );
        }

        if (field is { Endian: Endian.Little, Encoding: LengthEncoding.Ascii or LengthEncoding.Hex })
        {
            problems.Consequence(
                $"{path}:Endian",
                $"digits are not swapped; with encoding '{field.Encoding}' leave it out.",
                $"{path}:Encoding"
            );
        }

        CheckFits(field.Offset + field.Size, field.MaxBytes, path, "Offset", problems);
    }

    private static void CheckFits(int bytes, int maxBytes, string path, string cause, ProblemList problems)
    {
        if (bytes > maxBytes)
        {
            problems.Consequence(
                $"{path}:MaxBytes",
                $"{maxBytes} is less than the {bytes} bytes that every message has; write more.",
                $"{path}:{cause}"
            );
        }
    }

    private static void CheckBytes(string text, string path, ProblemList problems, out byte[] bytes)
    {
        if (!ByteText.TryParse(text, out bytes, out var error))
        {
            problems.Consequence(path, error ?? "is wrong.");
        }
    }

    private static void CheckCorrelation(CorrelationConfig correlation, FramingConfig? framing, string path, ProblemList problems)
    {
        var place = $"{path}:Correlation";
        var end = correlation.Offset + correlation.Size;
        CheckWithin(end, framing, place, path, problems);
        if (framing?.Delimiter is not null)
        {
            problems.Consequence(
                place,
                "cannot be combined with Framing:Delimiter, since an id that the proxy assigns could contain the delimiter; leave it out.",
                $"{path}:Framing"
            );
        }

        if (framing?.Checksum is { } checksum && end > checksum.Start)
        {
            problems.Consequence(
                place,
                "is covered by Framing:Checksum, which would be wrong with the id that the proxy writes; leave it out, or use bytes before its Start.",
                $"{path}:Framing:Checksum"
            );
        }

        if (framing?.LengthField is { } field && correlation.Offset < field.Offset + field.Size && field.Offset < end)
        {
            problems.Consequence(place, "overlaps Framing:LengthField; write the position of other bytes.", $"{path}:Framing:LengthField");
        }
    }

    private static void CheckWithin(
        int end,
        FramingConfig? framing,
        string place,
        string path,
        ProblemList problems,
        string remedy = "a smaller Offset"
    )
    {
        var longest = Longest(framing);
        if (end > longest)
        {
            problems.Consequence(place, $"ends at byte {end}, but messages have at most {longest}; write {remedy}.", $"{path}:Framing");
        }
    }

    private static int Longest(FramingConfig? framing) =>
        framing switch
        {
            { LengthField: { } field } => field.MaxBytes,
            { Delimiter: { } delimiter } => delimiter.MaxBytes,
            { FixedLength: { } length } => length.Bytes,
            { IdleGap: { } gap } => gap.MaxBytes,
            _ => int.MaxValue,
        };
}
