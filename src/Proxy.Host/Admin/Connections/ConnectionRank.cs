using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Proxy.Diagnostics;

namespace Proxy.Host.Admin.Connections;

/// <summary>The position of a connection in a sort order. The id is computed when used, so it only breaks ties.</summary>
internal readonly struct ConnectionRank : IComparable<ConnectionRank>
{
    private readonly ConnectionRecord? _record;

    public ConnectionRank(ConnectionSort sort, ConnectionRecord record)
    {
        _record = record;
        Key = sort switch
        {
            ConnectionSort.Age => record.StartedAt.UtcTicks,
            ConnectionSort.Bytes => -(record.ClientBytes + record.UpstreamBytes),
            _ => 0,
        };
    }

    private ConnectionRank(long key, string id) => (Key, Id) = (key, id);

    private long Key { get; }

    private string Id
    {
        get => field ?? _record!.Id;
        init;
    }

    public int CompareTo(ConnectionRank other) =>
        Key.CompareTo(other.Key) is var order and not 0 ? order : string.CompareOrdinal(Id, other.Id);

    /// <summary>The cursor of the page that begins after this connection.</summary>
    public string ToCursor(ConnectionSort sort) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sort} {Key} {Id}")));

    public static ConnectionRank? FromCursor(ConnectionSort sort, string cursor)
    {
        if (!Base64Url.IsValid(cursor))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split(' ', 3);
        return
            parts is [var order, var text, var id]
            && order == sort.ToString()
            && long.TryParse(text, CultureInfo.InvariantCulture, out var key)
            ? new ConnectionRank(key, id)
            : null;
    }
}

/// <summary>The sort orders of connections.</summary>
internal enum ConnectionSort
{
    /// <summary>The oldest first.</summary>
    Age,

    /// <summary>Those with the most bytes first.</summary>
    Bytes,

    /// <summary>By id.</summary>
    Id,
}
