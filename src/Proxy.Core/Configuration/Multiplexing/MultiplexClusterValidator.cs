using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Checks the section Multiplex of a cluster.</summary>
internal sealed class MultiplexClusterValidator(ConfigNames names, ProblemList problems)
{
    private const string ModbusTcp = "modbus-tcp";

    public static ProtocolName? Find(ConfigNames names, string name) =>
        names.Protocols.FirstOrDefault(protocol => protocol.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public void Check(ClusterMultiplexConfig config, string path)
    {
        FramingValidator.Check(config, path, problems);
        CheckProtocol(config, path);
        var protocol = config.Protocol is { } name ? Find(names, name) : null;
        if (config.Correlation is { IsNone: true })
        {
            CheckNoCorrelation(protocol, config, path);
        }
        else if (protocol is not null && config is { Correlation: { } id, Framing: null })
        {
            CheckCorrelation(id, protocol, path);
        }

        if (config.Length == MessageLength.ByPdu && config.Protocol?.Equals(ModbusTcp, StringComparison.OrdinalIgnoreCase) is not true)
        {
            problems.Consequence(
                $"{path}:Length",
                $"'ByPdu' is for '{ModbusTcp}', whose header has a length; leave it out.",
                $"{path}:Protocol"
            );
        }

        if (config.Protocol is null || protocol is not null)
        {
            CheckOrder(config, protocol, path);
            CheckDrain(config, path);
            CheckModbus(config, protocol, path);
        }

        if (config.MaxRetryDelay < config.RetryDelay)
        {
            problems.Consequence(
                $"{path}:MaxRetryDelay",
                $"{config.MaxRetryDelay:c} is less than the RetryDelay of {config.RetryDelay:c}; write at least that.",
                $"{path}:RetryDelay"
            );
        }
    }

    private void CheckNoCorrelation(ProtocolName? protocol, ClusterMultiplexConfig config, string path)
    {
        if (protocol is { HasCorrelation: false } || config.Framing is not null)
        {
            problems.Consequence(
                $"{path}:Correlation",
                "'None' is for a protocol that has an id, and this one has none; leave it out.",
                $"{path}:{(config.Framing is null ? "Protocol" : "Framing")}"
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

    // An id written over bytes with another meaning would change the request.
    private void CheckCorrelation(CorrelationConfig id, ProtocolName protocol, string path)
    {
        var place = $"{path}:Correlation";
        var cause = $"{path}:Protocol";
        var end = id.Offset + id.Size;
        if (protocol.HasCorrelation)
        {
            problems.Consequence(place, $"'{protocol.Name}' has an id of its own, which is used; leave Correlation out.", cause);
        }
        else if (protocol.IdOffset is not { } first)
        {
            var others = DidYouMean.List(
                names.Protocols.Where(static other => other.IdOffset is not null).Select(static other => other.Name)
            );
            problems.Consequence(
                place,
                $"'{protocol.Name}' has no place for an id; leave it out, or use {others} or a Framing other than Delimiter.",
                cause
            );
        }
        else if (id.Offset < first)
        {
            problems.Consequence(
                $"{place}:Offset",
                $"{id.Offset} is within the length at the start of '{protocol.Name}'; write {first} or more.",
                cause
            );
        }
        else if (end > protocol.MaxBytes)
        {
            problems.Consequence(
                place,
                $"ends at byte {end}, but messages of '{protocol.Name}' have at most {protocol.MaxBytes}; write a smaller Offset.",
                cause
            );
        }
    }

    private void CheckOrder(ClusterMultiplexConfig config, ProtocolName? protocol, string path)
    {
        var hasId = config.Correlation is null ? protocol is { HasCorrelation: true } : !config.Correlation.IsNone;
        if (config.MaxInFlight > 1 && !hasId && protocol is not { RepliesInOrder: true })
        {
            problems.Consequence(
                $"{path}:MaxInFlight",
                "more than 1 needs a protocol whose replies come in order, or a Correlation id; leave it at 1.",
                $"{path}:Correlation",
                $"{path}:Framing"
            );
        }
        else if (config is { MaxInFlight: > 1, Framing.IdleGap: not null })
        {
            problems.Consequence(
                $"{path}:MaxInFlight",
                "two replies without a pause between them would be one message of Framing:IdleGap; leave it at 1.",
                $"{path}:Framing"
            );
        }

        // Only half of the ids are in use at a time, so that a late reply is not assigned to a later request with the same id.
        if (config.Correlation is { Size: 1 } && config.MaxInFlight > 128)
        {
            problems.Consequence(
                $"{path}:MaxInFlight",
                "an id of one byte is enough for 128 requests in flight; write at most 128.",
                $"{path}:Correlation"
            );
        }

        if (config.LateReply == LateReply.Discard && !hasId)
        {
            problems.Consequence(
                $"{path}:LateReply",
                "'Discard' recognizes a late reply by its correlation id, and there is none; use 'Reconnect' or 'Drain'.",
                $"{path}:Correlation"
            );
        }
    }

    private void CheckDrain(ClusterMultiplexConfig config, string path)
    {
        if (config is { LateReply: LateReply.Drain, MaxInFlight: > 1 })
        {
            problems.Consequence(
                $"{path}:LateReply",
                "'Drain' waits until the connection is silent, so no other request may be in flight; leave MaxInFlight at 1, or use 'Reconnect' or, with an id, 'Discard'.",
                $"{path}:MaxInFlight"
            );
        }
    }

    private void CheckModbus(ClusterMultiplexConfig config, ProtocolName? protocol, string path)
    {
        if (config.Modbus is not null && protocol is not { IsModbus: true })
        {
            problems.Consequence($"{path}:Modbus", "is for Modbus, and this cluster has another protocol; leave it out.", $"{path}:Modbus");
        }
    }
}
