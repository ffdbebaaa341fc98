namespace Proxy.Multiplexing;

/// <summary>What a Multiplex route asks for its clients.</summary>
internal sealed record ClientSettings
{
    /// <summary>How long a request may wait to be sent; negative for ever.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests that may wait for one destination.</summary>
    public int QueueLimit { get; init; } = 1024;

    /// <summary>No byte either way and nothing asked for so long ends the connection; negative never.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long what is left may take after one side's FIN; negative for ever.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest life of a connection; negative for ever.</summary>
    public TimeSpan MaxDuration { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>What clients of Modbus may do; null for all.</summary>
    public ModbusPolicy? Modbus { get; init; }
}
