namespace Proxy.Configuration;

/// <summary>Checks what a cluster says of the protocol its destinations speak.</summary>
internal sealed class MultiplexClusterValidator(ConfigurationNames names, ProblemList problems)
{
    public static ProtocolName? Find(ConfigurationNames names, string name) =>
        names.Protocols.FirstOrDefault(protocol => protocol.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public void Check(ClusterSection cluster, string path)
    {
        var config = cluster.Multiplex ?? new();
        FramingValidator.Check(config.Framing, config.Correlation, config.NoReplyWhen, path, problems);
        CheckProtocol(config, path);
        var protocol = config.Protocol is { } name ? Find(names, name) : null;
        if (config.Protocol is null || protocol is not null)
        {
            CheckOrder(config, protocol, path);
            CheckModbus(config, protocol, path);
        }

        if (config.MaxRetryDelay < config.RetryDelay)
        {
            problems.Consequence(
                $"{path}:MaxRetryDelay",
                $"{config.MaxRetryDelay:c} is less than the RetryDelay of {config.RetryDelay:c}.",
                $"{path}:RetryDelay"
            );
        }
    }

    private void CheckProtocol(ClusterMultiplexConfig config, string path)
    {
        var known = names.Protocols.Select(static protocol => protocol.Name).ToList();
        string[] causes = [$"{path}:Protocol", $"{path}:Framing"];
        if (config is { Protocol: null, Framing: null })
        {
            problems.Consequence(path, $"has neither Protocol nor Framing; known protocols: {DidYouMean.List(known)}.", path);
        }
        else if (config is { Protocol: not null, Framing: not null })
        {
            problems.Consequence(path, "has both Protocol and Framing; keep one of them.", causes);
        }
        else if (config.Protocol is { } name && Find(names, name) is null)
        {
            problems.Consequence(
                $"{path}:Protocol",
                $"no protocol '{ScalarReader.Shorten(name)}'{DidYouMean.Suffix(name, known)} Known protocols: {DidYouMean.List(known)}."
            );
        }
    }

    private void CheckOrder(ClusterMultiplexConfig config, ProtocolName? protocol, string path)
    {
        var hasId = config.Correlation is not null || protocol is { HasCorrelation: true };
        if (config.MaxInFlight > 1 && !hasId && protocol is not { RepliesInOrder: true })
        {
            problems.Consequence(
                $"{path}:MaxInFlight",
                "more than 1 needs a protocol whose replies come in order, or a Correlation id; leave it at 1.",
                $"{path}:Correlation",
                $"{path}:Framing"
            );
        }

        // Half of the ids rest, so that a late reply does not meet a request of the same id.
        if (config.Correlation is { Size: 1 } && config.MaxInFlight > 128)
        {
            problems.Consequence($"{path}:MaxInFlight", "an id of one byte has room for 128 in flight.", $"{path}:Correlation");
        }

        if (config.LateReply == LateReply.Discard && !hasId)
        {
            problems.Consequence(
                $"{path}:LateReply",
                "'Discard' knows a late reply by a correlation id, and there is none; use 'Reconnect' or 'Drain'.",
                $"{path}:Correlation"
            );
        }
    }

    private void CheckModbus(ClusterMultiplexConfig config, ProtocolName? protocol, string path)
    {
        if (config.Modbus is not null && protocol is not { IsModbus: true })
        {
            problems.Consequence($"{path}:Modbus", "is for Modbus; this cluster speaks another protocol.", $"{path}:Modbus");
        }
    }
}
