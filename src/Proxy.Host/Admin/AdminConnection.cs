using Microsoft.AspNetCore.Connections;

namespace Proxy.Host.Admin;

/// <summary>An open connection to the admin address, a feature of its requests. <see cref="AdminConnections"/> guards its state.</summary>
internal sealed class AdminConnection
{
    private readonly ConnectionContext _connection;

    /// <param name="connection">The connection.</param>
    /// <param name="late">Ends the connection if no request comes in time.</param>
    public AdminConnection(ConnectionContext connection, ITimer late)
    {
        (_connection, Late) = (connection, late);
        Place = new(this);
    }

    /// <summary>Its place among the open connections.</summary>
    public LinkedListNode<AdminConnection> Place { get; }

    /// <summary>Ends the connection if no request comes in time.</summary>
    public ITimer Late { get; }

    /// <summary>The number of requests under way.</summary>
    public int Requests { get; set; }

    /// <summary>Whether a request had the token or certificate for something that needs it.</summary>
    public bool IsAuthorized { get; set; }

    /// <summary>Ends the connection, since another one takes its place.</summary>
    public void Abort() => _connection.Abort(new ConnectionAbortedException("A newer connection to the admin address took its place."));
}
