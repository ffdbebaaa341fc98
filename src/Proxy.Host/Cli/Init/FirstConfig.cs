using System.Text.Json;

namespace Proxy.Host.Cli.Init;

/// <summary>Writes the text of a first configuration, with comments that say what each part is for.</summary>
internal static class FirstConfig
{
    /// <summary>The name of the schema, which is written beside the configuration.</summary>
    public const string SchemaFile = "proxy.schema.json";

    public static string Write(Answers answers)
    {
        var sections = answers[Questions.Kind] switch
        {
            Questions.Lock => Lock(answers),
            Questions.Multiplex => Multiplex(answers),
            Questions.Http => Http(answers),
            Questions.Channels => Channels(answers),
            _ => Forward(answers),
        };
        return $$"""
            {
              "$schema": "{{SchemaFile}}",
              // Every key is described in docs/configuration.md, and editors complete them by the schema. 'proxy check' checks this file.
            {{sections}}{{Admin(answers)}}
            }

            """;
    }

    private static string Forward(Answers answers) =>
        $$"""
              "ReverseProxy": {
                "TcpRoutes": {
                  // Every connection to "Listen" is passed on to a destination of the cluster.
                  {{Name(answers)}}: { "Listen": {{Listen(answers)}}, "ClusterId": {{Name(answers)}} }
                },
                "Clusters": {
            {{TcpCluster(answers, "")}}
                }
              }
            """;

    private static string Lock(Answers answers) =>
        $$"""
              "ReverseProxy": {
                "TcpRoutes": {
                  // Clients are served one after the other; the others wait in the order in which they came.
                  {{Name(answers)}}: {
                    "Listen": {{Listen(answers)}},
                    "ClusterId": {{Name(answers)}},
                    "Mode": "Lock",
            {{Hold(answers)}}
                  }
                },
                "Clusters": {
            {{TcpCluster(answers, "")}}
                }
              }
            """;

    private static string Hold(Answers answers) =>
        answers[Questions.MaxHold].Equals("none", StringComparison.OrdinalIgnoreCase)
            ? """
                        "IdleTimeout": "00:01:00", // a client that is silent for so long loses its place
                        "Lock": {
                          "Permits": 1, // how many clients are served at the same time
                          "QueueTimeout": "00:05:00" // how long a client waits at most
                        }
                """
            : $$"""
                        "Lock": {
                          "Permits": 1, // how many clients are served at the same time
                          "MaxHold": {{Text(answers[Questions.MaxHold])}}, // then a client is disconnected, and the next one is served
                          "QueueTimeout": "00:05:00" // how long a client waits at most
                        }
                """;

    private static string Multiplex(Answers answers)
    {
        var kind = DeviceKind.Find(answers[Questions.Device]) ?? DeviceKind.All[0];
        var lines = kind.Settings.Prepend((Setting: $"\"Protocol\": \"{kind.Protocol}\"", Reason: "")).ToList();
        var settings = string.Concat(
            lines.Select(
                (line, index) =>
                    $"\n          {line.Setting}{(index < lines.Count - 1 ? "," : "")}{(line.Reason.Length > 0 ? $" // {line.Reason}" : "")}"
            )
        );
        return $$"""
              "ReverseProxy": {
                "TcpRoutes": {
                  // All clients share one connection to the device; each gets the answers to its own requests.
                  {{Name(answers)}}: { "Listen": {{Listen(answers)}}, "ClusterId": {{Name(answers)}}, "Mode": "Multiplex" }
                },
                "Clusters": {
            {{TcpCluster(
                answers,
                $$"""

                        // {{char.ToUpperInvariant(kind.Meaning[0])}}{{kind.Meaning[1..]}}.
                        "Multiplex": {{{settings}}
                        },
                """
            )}}
                }
              }
            """;
    }

    private static string Http(Answers answers)
    {
        var (destinations, count) = Destinations(answers, static url => url);
        return $$"""
              "ReverseProxy": {
                "Routes": {
                  // Every request is passed on; "Path": "/shop/{**rest}" would take a part of the site, "Hosts" some names.
                  {{Name(answers)}}: { "ClusterId": {{Name(answers)}}, "Match": { "Path": "{**rest}" } }
                },
                "Clusters": {
                  {{Name(answers)}}: {{{(count > 1 ? "\n        \"LoadBalancingPolicy\": \"LeastRequests\"," : "")}}
                    "Destinations": {
            {{destinations}}
                    }
                  }
                }
              },
              // The address for HTTP clients. With "Certificate": { "Path": …, "KeyPath": … } and https it is encrypted. Changes need a restart.
              "Kestrel": { "Endpoints": { "Http": { "Url": {{Listen(answers)}} } } }
            """;
    }

    private static string Channels(Answers answers)
    {
        var members = answers
            .List(Questions.Members)
            .Select(static member => member.Split('=', 2, StringSplitOptions.TrimEntries))
            .Select(static parts => (Id: parts[0], Address: parts.Length > 1 ? parts[1] : ""))
            .ToList();
        var own = answers[Questions.Instance];
        var address = members.Find(member => member.Id == own).Address ?? "";
        var port = address[(address.LastIndexOf(':') + 1)..];
        var lines = string.Join(
            ",\n",
            members.Select(static member => $"        {Text(member.Id)}: {{ \"Address\": {Text(member.Address)} }}")
        );
        var (type, comment) = answers[Questions.Role] switch
        {
            "server" => ("\"Type\": \"Reply\"", "The program on this machine serves clients of the other instances."),
            "both" => (
                "\"Type\": \"Duplex\", \"Mode\": \"Both\"",
                "Programs reach the program of every other instance by an address of its own."
            ),
            _ => ("\"Type\": \"Request\"", "The program on this machine reaches the service here, wherever it runs."),
        };
        return $$"""
              "Channels": {
                "Group": "dev",
                "Instance": { "Id": {{Text(own)}} },
                "Tunnel": {
                  "Url": {{Text($"https://0.0.0.0:{port}")}},
                  // 'proxy certificates {{string.Join(
                ' ',
                members.Select(static member => member.Id)
            )}}' makes these for a trial. Production needs an authority whose key is kept elsewhere.
                  "Certificate": { "Path": {{Text($"certs/{own}.crt")}}, "KeyPath": {{Text($"certs/{own}.key")}} },
                  "TrustBundle": "certs/ca.crt",
                  "TrustDomain": "example.org"
                },
                // All instances with the addresses of their tunnels; the same on every machine.
                "Membership": {
                  "Members": {
            {{lines}}
                  }
                },
                "Items": {
                  // {{comment}}
                  {{Name(answers)}}: { {{type}}, "Connector": {{Name(answers)}}, "Port": {{answers[Questions.Port]}} }
                }
              }
            """;
    }

    private static string TcpCluster(Answers answers, string more)
    {
        var (destinations, count) = Destinations(
            answers,
            static address =>
                address.Contains(':', StringComparison.Ordinal)
                && (address.Contains("://", StringComparison.Ordinal) || address.StartsWith("unix:", StringComparison.Ordinal))
                    ? address
                    : $"tcp://{address}"
        );
        var several =
            count > 1
                ? """

                            "LoadBalancingPolicy": "LeastRequests",
                            // A server that cannot be reached gets no connection for a while.
                            "HealthCheck": { "Passive": { "Enabled": true, "Policy": "ConnectFailures", "ReactivationPeriod": "00:00:30" } },
                    """
                : "";
        return $$"""
                  {{Name(answers)}}: {{{several}}{{more}}
                    "Destinations": {
            {{destinations}}
                    }
                  }
            """;
    }

    private static (string Lines, int Count) Destinations(Answers answers, Func<string, string> address)
    {
        var lines = answers
            .List(Questions.To)
            .Select((text, index) => $"          \"server{index + 1}\": {{ \"Address\": {Text(address(text))} }}")
            .ToList();
        return (string.Join(",\n", lines), lines.Count);
    }

    private static string Admin(Answers answers) =>
        answers[Questions.Admin].Equals("none", StringComparison.OrdinalIgnoreCase)
            ? ""
            : $$"""
                ,
                  // Health, metrics, API and dashboard. "AllowChanges": true lets 'proxy drain' and the dashboard's buttons work.
                  "Admin": { "Url": {{Text(answers[Questions.Admin])}} }
                """;

    // A port alone means all addresses, as in other programs.
    private static string Listen(Answers answers)
    {
        var text = answers[Questions.Listen];
        var address = text.All(char.IsAsciiDigit) ? $"*:{text}" : text;
        var isHttp = answers[Questions.Kind] == Questions.Http;
        return Text(isHttp && !address.Contains("://", StringComparison.Ordinal) ? $"http://{address}" : address);
    }

    private static string Name(Answers answers) => Text(answers[Questions.Name]);

    private static string Text(string text) => JsonSerializer.Serialize(text);
}
