using Google.Protobuf;
using Proxy.Etcd.Protocol;

namespace Proxy.Etcd.Client;

/// <summary>Keys as etcd has them.</summary>
internal static class KeyRange
{
    private static readonly ByteString _zero = ByteString.CopyFrom(0);

    /// <summary>The first key of a prefix.</summary>
    public static ByteString First(string prefix) => prefix.Length == 0 ? _zero : ByteString.CopyFromUtf8(prefix);

    /// <summary>What is behind the last key of a prefix.</summary>
    public static ByteString End(string prefix)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(prefix);
        if (bytes.Length == 0)
        {
            return _zero; // to the end
        }

        bytes[^1]++; // the last byte of UTF-8 is never the highest
        return ByteString.CopyFrom(bytes);
    }

    /// <summary>What is behind a key.</summary>
    public static ByteString After(ByteString key)
    {
        var bytes = new byte[key.Length + 1];
        key.Span.CopyTo(bytes);
        return ByteString.CopyFrom(bytes);
    }

    /// <summary>A key with its value.</summary>
    public static StoredKey Stored(KeyValue pair) =>
        new(pair.Key.ToStringUtf8(), pair.Value.Memory, pair.CreateRevision, pair.ModRevision, pair.Lease);
}
