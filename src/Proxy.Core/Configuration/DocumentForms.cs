using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Endpoints;
using Proxy.Configuration.Engine;
using Proxy.Configuration.Host;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Configuration;

/// <summary>
/// What the schema tells of the values of text keys: names that are registered in code, and patterns. A pattern refuses only what the reader
/// refuses too; the reader checks more.
/// </summary>
internal sealed class DocumentForms
{
    private const string Port = @"\d{1,5}(-\d{1,5})?";
    private const string ListenPattern =
        @"^([uU][nN][iI][xX]:.+|(\*|[lL][oO][cC][aA][lL][hH][oO][sS][tT]|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.]+(%[0-9a-zA-Z]+)?\]):"
        + Port
        + ")$";
    private const string DestinationPattern = @"^([tT][cC][pP]://[^\s/]+:" + Port + @"/?|[uU][nN][iI][xX]:.+|[hH][tT][tT][pP][sS]?://\S+)$";
    private const string NetworkPattern = @"^[0-9a-fA-F:.]+(/\d{1,3})?$";
    private const string UrlPattern = @"^[hH][tT][tT][pP][sS]?://\S+$";
    private const string TlsUrlPattern = @"^[hH][tT][tT][pP][sS]://\S+$";
    private const string BytesPattern = @"^([hH][eE][xX]:([0-9a-fA-F]{2})+|(?![hH][eE][xX]:)[\s\S]+)$";
    private const string VersionPattern = @"^\d+(\.\d+){0,3}$";

    private readonly Dictionary<(Type, string), ValueForm> _forms;

    public DocumentForms(ConfigNames names)
    {
        var protocols = Names(names.Protocols.Select(static protocol => protocol.Name));
        _forms = new()
        {
            [(typeof(TcpEndpointConfig), nameof(TcpEndpointConfig.Address))] = Pattern(ListenPattern),
            [(typeof(ProxyProtocolConfig), nameof(ProxyProtocolConfig.TrustedNetworks))] = Pattern(NetworkPattern),
            [(typeof(TcpRouteConfig), nameof(TcpRouteConfig.Listen))] = Pattern(ListenPattern),
            [(typeof(TcpRouteMatchConfig), nameof(TcpRouteMatchConfig.SourceNetworks))] = Pattern(NetworkPattern),
            [(typeof(TcpRouteMatchConfig), nameof(TcpRouteMatchConfig.Protocols))] = Names(names.Detectors),
            [(typeof(MultiplexConfig), nameof(MultiplexConfig.Protocol))] = protocols,
            [(typeof(ClusterMultiplexConfig), nameof(ClusterMultiplexConfig.Protocol))] = protocols,
            [(typeof(DelimiterConfig), nameof(DelimiterConfig.Bytes))] = Pattern(BytesPattern),
            [(typeof(NoReplyWhenConfig), nameof(NoReplyWhenConfig.EqualTo))] = Pattern(BytesPattern),
            [(typeof(NoReplyWhenConfig), nameof(NoReplyWhenConfig.StartsWith))] = Pattern(BytesPattern),
            [(typeof(NoReplyWhenConfig), nameof(NoReplyWhenConfig.Contains))] = Pattern(BytesPattern),
            [(typeof(NoReplyWhenConfig), nameof(NoReplyWhenConfig.NotContains))] = Pattern(BytesPattern),
            [(typeof(UnsolicitedConfig), nameof(UnsolicitedConfig.EqualTo))] = Pattern(BytesPattern),
            [(typeof(ClusterSection), nameof(ClusterSection.LoadBalancingPolicy))] = Names(
                names.LoadBalancingPolicies.Concat(names.HttpLoadBalancingPolicies)
            ),
            [(typeof(SessionAffinityConfig), nameof(SessionAffinityConfig.Policy))] = Names(names.AffinityPolicies),
            [(typeof(SessionAffinityConfig), nameof(SessionAffinityConfig.FailurePolicy))] = Names(names.AffinityFailurePolicies),
            [(typeof(ActiveHealthCheckConfig), nameof(ActiveHealthCheckConfig.Policy))] = Names(names.ActiveHealthPolicies),
            [(typeof(PassiveHealthCheckConfig), nameof(PassiveHealthCheckConfig.Policy))] = Names(names.PassiveHealthPolicies),
            [(typeof(HealthCheckConfig), nameof(HealthCheckConfig.AvailableDestinationsPolicy))] = Names(
                names.AvailableDestinationsPolicies
            ),
            [(typeof(ForwarderRequestConfig), nameof(ForwarderRequestConfig.Version))] = Pattern(VersionPattern),
            [(typeof(DestinationSection), nameof(DestinationSection.Address))] = Pattern(DestinationPattern),
            [(typeof(KestrelEndpointConfig), nameof(KestrelEndpointConfig.Url))] = Pattern(UrlPattern),
            [(typeof(AdminConfig), nameof(AdminConfig.Url))] = Pattern(UrlPattern),
            [(typeof(EtcdConfig), nameof(EtcdConfig.Endpoints))] = Pattern(UrlPattern),
            [(typeof(EtcdConfig), nameof(EtcdConfig.Prefix))] = Pattern("^/[!-~]*[!-.0-~]$"),
            [(typeof(TunnelConfig), nameof(TunnelConfig.Url))] = Pattern(TlsUrlPattern),
            [(typeof(LoopbackConfig), nameof(LoopbackConfig.Network))] = Pattern(NetworkPattern),
            [(typeof(MembershipConfig), nameof(MembershipConfig.Provider))] = Names(
                names
                    .MembershipProviders.Concat([MembershipProviders.Static, MembershipProviders.Dns, MembershipProviders.Engine])
                    .Distinct(StringComparer.OrdinalIgnoreCase)
            ),
            [(typeof(ChannelWebhookConfig), nameof(ChannelWebhookConfig.Url))] = Pattern(UrlPattern),
        };
    }

    /// <summary>The form of a key; null if nothing is known of its values.</summary>
    public ValueForm? Of(JsonPropertyInfo property) =>
        property.AttributeProvider is MemberInfo { DeclaringType: { } type } member ? _forms.GetValueOrDefault((type, member.Name)) : null;

    private static ValueForm Pattern(string pattern) => new() { Pattern = pattern };

    private static ValueForm Names(IEnumerable<string> names) => new() { Names = [.. names] };
}
