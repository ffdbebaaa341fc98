using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;

namespace Proxy.Multiplexing.Framing;

/// <summary>Builds framers from validated configuration.</summary>
internal static class FramerFactory
{
    /// <summary>Builds the framer of a declared framing.</summary>
    public static IMessageFramer Create(FramingConfig config)
    {
        var framer = CreatePlain(config);
        if (config.Checksum is not { } checksum)
        {
            return framer;
        }

        var trailer = config.Delimiter is { } delimiter ? ByteText.Parse(delimiter.Bytes).Length : 0;
        return new ChecksumFramer(framer, new Checksum(checksum, trailer), endsInSilence: config.IdleGap is not null);
    }

    private static IMessageFramer CreatePlain(FramingConfig config) =>
        config switch
        {
            { LengthField: { } field } => OfLength(field),
            { Delimiter: { } delimiter } => OfDelimiter(delimiter),
            { FixedLength: { } length } => new FixedLengthFramer(length.Bytes),
            { IdleGap: { } gap } => new IdleGapFramer(gap.After, gap.MaxBytes),
            _ => throw new ArgumentException("No framing is declared.", nameof(config)),
        };

    /// <summary>Adds what the configuration declares beyond the framing; without that, returns the framer itself.</summary>
    public static IMessageFramer Configure(IMessageFramer framer, CorrelationConfig? correlation, NoReplyWhenList? noReplyWhen) =>
        correlation is null && noReplyWhen is null
            ? framer
            : new ConfiguredFramer(
                framer,
                correlation is null or { IsNone: true } ? null : new CorrelationField(correlation.Offset, correlation.Size),
                [.. (noReplyWhen ?? []).Select(PatternOf)],
                repeatsNoId: correlation is { IsNone: true }
            );

    /// <summary>Builds the pattern of messages with certain bytes at an offset.</summary>
    public static MessagePattern CreatePattern(int offset, string bytes) => new() { Offset = offset, EqualTo = ByteText.Parse(bytes) };

    private static MessagePattern PatternOf(NoReplyWhenConfig config) =>
        new()
        {
            Offset = config.Offset ?? 0,
            EqualTo = Parse(config.EqualTo),
            StartsWith = Parse(config.StartsWith),
            Contains = Parse(config.Contains),
            NotContains = Parse(config.NotContains),
        };

    private static byte[] Parse(string? text) => text is null ? [] : ByteText.Parse(text);

    private static LengthFieldFramer OfLength(LengthFieldConfig config) =>
        new(
            "length-field",
            "Messages that say how long they are.",
            new LengthField(config.Offset, config.Size, config.Encoding, config.Endian, config.Adjust),
            config.MaxBytes
        );

    private static DelimiterFramer OfDelimiter(DelimiterConfig config) =>
        new("delimiter", "Messages ended by certain bytes.", ByteText.Parse(config.Bytes), config.MaxBytes);
}
