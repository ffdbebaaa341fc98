using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Memcached;

/// <summary>
/// Measures replies by the command that they answer. A reply that this command cannot have is malformed: it answers something else, such as an
/// error of a command that asked for no reply.
/// </summary>
internal static class MemcachedReply
{
    private const string NotAnAnswer = "The reply is not one to its command.";
    private const string End = "END\r\n";
    private const string NotALine = "A line of a reply is too long, or does not end with CR LF.";

    public static FrameMeasure Measure(in MeasureContext context, int maxBytes)
    {
        MemcachedLine.Read(context.Request, 0, out var request);
        var command = MemcachedCommand.Read(request);
        var keys = Keys(request, command.Kind);
        var next = keys;
        var buffer = context.Buffer;
        var position = Start(context);
        while (true)
        {
            var length = MemcachedLine.Read(buffer[position..], 0, out var line);
            if (length < 0 || (length > 0 && length != line.Length + 2))
            {
                return FrameMeasure.Malformed(NotALine);
            }

            if (length == 0)
            {
                return FrameMeasure.NeedMore(buffer.Length + 1L, maxBytes, position);
            }

            var isLast = IsLast(line, command.Kind, isFirst: position == 0);
            var isValue = IsValue(line, command.Kind);
            var data = isValue ? ReadData(line, command.Kind, keys, ref next) : 0;
            if (data < 0 || !(isLast || isValue || (command.Kind == MemcachedKind.Stats && !line.IsEmpty)))
            {
                return FrameMeasure.Malformed(NotAnAnswer);
            }

            var end = position + length + (isValue ? data + 2 : 0);
            if (end > buffer.Length || end > maxBytes)
            {
                return FrameMeasure.NeedMore(isLast ? end : end + End.Length, maxBytes, position);
            }

            if (isValue && !buffer[..(int)end].EndsWith("\r\n"u8))
            {
                return FrameMeasure.Malformed("A value is longer than its length.");
            }

            position = (int)end;
            if (isLast)
            {
                return FrameMeasure.Complete(position);
            }
        }
    }

    // A reply in many pieces is read on from the line or value that was incomplete.
    private static int Start(in MeasureContext context) =>
        context.Examined > 0 && context.Examined <= context.Buffer.Length && context.Buffer[context.Examined - 1] == '\n'
            ? context.Examined
            : 0;

    private static bool IsValue(ReadOnlySpan<byte> line, MemcachedKind kind)
    {
        var word = new MemcachedWords(line).Next();
        return kind switch
        {
            MemcachedKind.Get or MemcachedKind.GetAndTouch => word.SequenceEqual("VALUE"u8),
            MemcachedKind.MetaGet or MemcachedKind.MetaCount => word.SequenceEqual("VA"u8),
            _ => false,
        };
    }

    // The length of the data block behind the line; -1 if the line has none, or has a key that was not asked for.
    private static long ReadData(ReadOnlySpan<byte> line, MemcachedKind kind, MemcachedWords keys, scoped ref MemcachedWords next)
    {
        var words = new MemcachedWords(line);
        words.Next();
        if (kind is MemcachedKind.MetaGet or MemcachedKind.MetaCount)
        {
            return MemcachedCommand.ReadLength(words.Next());
        }

        var key = words.Next();
        words.Next(); // flags
        return Asks(keys, ref next, key) ? MemcachedCommand.ReadLength(words.Next()) : -1;
    }

    private static MemcachedWords Keys(ReadOnlySpan<byte> request, MemcachedKind kind)
    {
        var words = new MemcachedWords(request);
        words.Next();
        if (kind == MemcachedKind.GetAndTouch)
        {
            words.Next();
        }

        return words;
    }

    // A server answers in the order of the keys, so each is searched for behind the one before: from the start it would take keys times values.
    private static bool Asks(MemcachedWords keys, ref MemcachedWords next, ReadOnlySpan<byte> key)
    {
        if (TryFind(ref next, key))
        {
            return true;
        }

        next = keys; // another order, as of several servers behind one
        return TryFind(ref next, key);
    }

    private static bool TryFind(ref MemcachedWords words, ReadOnlySpan<byte> key)
    {
        for (var word = words.Next(); !word.IsEmpty; word = words.Next())
        {
            if (word.SequenceEqual(key))
            {
                return true;
            }
        }

        return false;
    }

    // Whether the line, or the data block behind it, ends the reply.
    private static bool IsLast(ReadOnlySpan<byte> line, MemcachedKind kind, bool isFirst)
    {
        var word = new MemcachedWords(line).Next();
        return IsError(line, word, kind)
            || kind switch
            {
                MemcachedKind.Get or MemcachedKind.GetAndTouch => word.SequenceEqual("END"u8),
                MemcachedKind.Stats => word.SequenceEqual("END"u8)
                    || (isFirst && (word.SequenceEqual("OK"u8) || word.SequenceEqual("RESET"u8))),
                MemcachedKind.Store => IsOneOf(word, "STORED NOT_STORED EXISTS NOT_FOUND"u8),
                MemcachedKind.Count => word.SequenceEqual("NOT_FOUND"u8) || IsNumber(word),
                MemcachedKind.Delete => IsOneOf(word, "DELETED NOT_FOUND"u8),
                MemcachedKind.Touch => IsOneOf(word, "TOUCHED NOT_FOUND"u8),
                MemcachedKind.Version => word.SequenceEqual("VERSION"u8),
                MemcachedKind.Confirm => word.SequenceEqual("OK"u8),
                MemcachedKind.MetaGet => IsOneOf(word, "HD EN VA"u8),
                MemcachedKind.MetaSet => IsOneOf(word, "HD NS EX NF"u8),
                MemcachedKind.MetaDelete => IsOneOf(word, "HD NF EX NS"u8),
                MemcachedKind.MetaCount => IsOneOf(word, "HD NF NS EX EN VA"u8),
                MemcachedKind.MetaNoop => word.SequenceEqual("MN"u8),
                MemcachedKind.MetaDebug => IsOneOf(word, "ME EN"u8),
                _ => true,
            };
    }

    // An error about storing answers only what stores.
    private static bool IsError(ReadOnlySpan<byte> line, ReadOnlySpan<byte> word, MemcachedKind kind) =>
        word.SequenceEqual("ERROR"u8)
        || word.SequenceEqual("CLIENT_ERROR"u8)
        || (
            word.SequenceEqual("SERVER_ERROR"u8)
            && (
                kind is MemcachedKind.Store or MemcachedKind.MetaSet or MemcachedKind.MetaCount or MemcachedKind.Count
                || (line.IndexOf("object too large"u8) < 0 && line.IndexOf("storing object"u8) < 0)
            )
        );

    private static bool IsOneOf(ReadOnlySpan<byte> word, ReadOnlySpan<byte> words)
    {
        foreach (var range in words.Split((byte)' '))
        {
            if (words[range].SequenceEqual(word))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsNumber(ReadOnlySpan<byte> word) => !word.IsEmpty && !word.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
